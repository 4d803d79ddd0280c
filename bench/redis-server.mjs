// A Redis of our own, on a free port.
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, removeFolder, start, temporaryFolder } from './child.mjs'

const missing =
  'redis-server was not found. Install it (apt-get install redis-server, brew install redis), or run only what needs none: SYSTEMS=embedded'

/** @param {'no' | 'everysec' | 'always'} appendOnly */
export async function startRedis(appendOnly) {
  const port = await freePort()
  const folder = temporaryFolder()
  const options = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    save: '',
    logfile: join(folder, 'log'),
    appendonly: appendOnly === 'no' ? 'no' : 'yes',
    ...(appendOnly !== 'no' && { appendfsync: appendOnly })
  }
  const server = start(
    'redis-server',
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])
  )
  await server.started.catch(error => {
    throw error.code === 'ENOENT' ? new Error(missing) : error
  })
  const url = `redis://127.0.0.1:${port}`
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => 25 })
  client.on('error', () => {})
  client.connect().catch(() => {})
  await server.until(async () => (await client.ping()) === 'PONG', 'Redis answers')

  return {
    url,
    client,
    cpu: server.cpu,
    /** Bytes of everything that it holds. */
    async memory() {
      return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1])
    },
    async stop() {
      client.disconnect()
      await server.stop()
      removeFolder(folder)
    }
  }
}
