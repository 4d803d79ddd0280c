// Processes and folders of a run; none of them outlives it.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const patienceMs = 30_000
const folders = new Set()
const children = new Set()

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

/** What it prints goes to our standard error, so that the table stands alone on the output. */
export function start(command, given, environment = {}) {
  const child = spawn(command, given, {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ['ignore', 2, 2]
  })
  const started = new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const ended = once(child, 'exit').catch(() => [])
  children.add(child)
  ended.then(() => children.delete(child))
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null

  return {
    started,
    hasEnded,
    /** Microseconds of CPU that it has used so far, all threads; NaN where the system does not tell. */
    cpu: () => cpuOf(child.pid),
    /** Bytes of memory it has in use; NaN where the system does not tell. */
    memory: () => memoryOf(child.pid),
    /** Asks until it answers so. */
    async until(asked, what) {
      for (const end = Date.now() + patienceMs; Date.now() < end; await sleep(25)) {
        if (hasEnded()) throw new Error(`${what}: the process has ended`)
        if (await asked().catch(() => false)) return
      }
      throw new Error(`${what}: not within ${patienceMs / 1000} s`)
    },
    async stop() {
      if (!hasEnded()) child.kill('SIGTERM')
      await ended
    }
  }
}

/** The kernel counts in ticks. */
const tickUs = (() => {
  try {
    return 1e6 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
  } catch {
    return 1e4
  }
})()

function cpuOf(pid) {
  const stat = readProc(`/proc/${pid}/stat`)
  // The name of the program stands in brackets and may hold anything; what follows it is counted.
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) * tickUs
}

const memoryOf = pid =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(`/proc/${pid}/status`))?.[1]) * 1024

function readProc(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-bench-'))
  folders.add(folder)
  return folder
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

/** Below those that systems give to whoever asks for any: somebody else may ask before it is in use. */
export async function freePort() {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 10_000)
    if (await isFree(port)) return port
  }
}

function isFree(port) {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
