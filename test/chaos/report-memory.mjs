// Loaded into a process of the service: on SIGWINCH, which means nothing to it otherwise, it tidies up and writes down
// how much it holds.
import { writeFileSync } from 'node:fs'

process.on('SIGWINCH', () => {
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  writeFileSync(process.env.MEMORY_FILE, JSON.stringify({ rss, heapUsed }))
})
