// Real Redis servers for tests: the one that REDIS_URL names, or ones that are started here and end with the test.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { Test } from 'tap'

export interface RedisServer {
  readonly port: number
  readonly url: string
  /** As a power failure would, and waits until it is gone. */
  kill(): Promise<void>
  /** Again, with what it has kept. */
  start(): Promise<void>
  /** Keeps its connections, but answers nothing until it is woken. */
  freeze(): void
  wake(): void
}

const install =
  'redis-server was not found. Install it (apt-get install redis-server, brew install redis, or valkey), or set REDIS_URL to a Redis that tests may write to.'

/** Begins the keys of one store, so that tests can share a server. */
export const freshPrefix = (): string => `${ours}-${randomBytes(4).toString('hex')}`
const ours = `test-${randomBytes(4).toString('hex')}`

/** The URL of a Redis for tests that only need one. Where it is not of our own, nothing is left in it. */
export async function redisUrl(t: Test): Promise<string> {
  const url = process.env.REDIS_URL
  if (!url) return (await startRedis(t)).url
  t.teardown(() =>
    ask(url, async client => {
      for await (const keys of client.scanStream({ match: `{${ours}-*`, count: 1000 }))
        if (keys.length > 0) await client.unlink(keys)
    })
  )
  return url
}

/** A server of the test's own, with its settings on top; it keeps nothing on disk unless told. */
export async function startRedis(
  t: Pick<Test, 'teardown'>,
  settings: Readonly<Record<string, string>> = {}
): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'redis-'))
  const port = await freePort()
  const all = {
    port: String(port),
    bind: '127.0.0.1',
    dir,
    save: '',
    loglevel: 'warning',
    ...settings
  }
  const options = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
  return startServer(t, dir, port, options)
}

/** A server whose options are complete; its folder goes with it. */
export async function startServer(
  t: Pick<Test, 'teardown'>,
  dir: string,
  port: number,
  options: readonly string[]
): Promise<RedisServer> {
  let server: ChildProcess | null = null

  const kill = async () => {
    if (server?.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL')
      await once(server, 'exit')
    }
  }
  const start = async () => {
    server = await spawned(options)
    await until(() => ask(port, client => client.ping()), `a Redis on port ${port}`)
  }
  t.teardown(async () => {
    await kill()
    rmSync(dir, { recursive: true, force: true })
  })
  await start()
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    freeze: () => server?.kill('SIGSTOP'),
    wake: () => server?.kill('SIGCONT')
  }
}

interface ClusterOptions {
  readonly primaries?: number
  readonly replicas?: number
  /** Settings with which its nodes, and those who use them, talk by TLS. */
  readonly tls?: Readonly<Record<string, string>>
}

interface ClusterNode extends RedisServer {
  /** Where it is to be found by those who use the Cluster; `port` is without TLS always. */
  readonly clusterPort: number
}

/** Primaries that share all slots evenly, each with so many replicas. */
export async function startRedisCluster(
  t: Test,
  { primaries = 3, replicas = 0, tls }: ClusterOptions = {}
): Promise<ClusterNode[]> {
  const servers = await Promise.all(
    Array.from({ length: primaries * (1 + replicas) }, async () => {
      const tlsPort = await freePort()
      const settings = {
        'cluster-enabled': 'yes',
        'cluster-node-timeout': '1000',
        'repl-diskless-sync-delay': '0',
        ...(tls && { ...tls, 'tls-cluster': 'yes', 'tls-port': String(tlsPort) })
      }
      const server = await startRedis(t, settings)
      return { ...server, clusterPort: tls ? tlsPort : server.port }
    })
  )
  const ids = await Promise.all(
    servers.map(({ port }, at) =>
      ask(port, async client => {
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', at + 1)
        if (at < primaries) await client.call('CLUSTER', 'ADDSLOTS', ...slotsOf(at, primaries))
        await client.call('CLUSTER', 'MEET', '127.0.0.1', servers[0]?.clusterPort ?? 0)
        return String(await client.call('CLUSTER', 'MYID'))
      })
    )
  )
  const everywhere = (fact: string, what: string) =>
    Promise.all(
      servers.map(({ port }) =>
        until(async () => {
          const info = String(await ask(port, client => client.call('CLUSTER', 'INFO')))
          if (!info.includes(fact)) throw new Error(info)
        }, what)
      )
    )
  await everywhere(`cluster_known_nodes:${servers.length}`, 'all nodes to meet')
  for (const [at, { port }] of servers.slice(primaries).entries())
    await ask(port, client => client.call('CLUSTER', 'REPLICATE', ids[at % primaries] ?? ''))
  await everywhere('cluster_state:ok', 'the cluster to be ready')
  if (replicas > 0)
    await Promise.all(servers.slice(0, primaries).map(server => untilReplicated(server)))
  return servers
}

/** Until so many replicas have said that they have everything. */
export const untilReplicated = ({ port }: RedisServer, replicas = 1): Promise<void> =>
  until(async () => {
    const info = await ask(port, client => client.info('replication'))
    const [, offset] = /master_repl_offset:(\d+)/.exec(info) ?? []
    const complete = info.match(new RegExp(`state=online,offset=${offset},`, 'g')) ?? []
    if (complete.length < replicas) throw new Error(info)
  }, 'a replica to have everything')

const slotCount = 16384

function slotsOf(at: number, primaries: number): number[] {
  const from = Math.floor((slotCount * at) / primaries)
  const to = Math.floor((slotCount * (at + 1)) / primaries)
  return Array.from({ length: to - from }, (_, slot) => from + slot)
}

async function spawned(options: readonly string[]): Promise<ChildProcess> {
  for (const binary of ['redis-server', 'valkey-server']) {
    const server = spawn(binary, options, { stdio: 'ignore' })
    const started = await new Promise<boolean>(resolve => {
      server.once('spawn', () => resolve(true))
      server.once('error', () => resolve(false))
    })
    if (!started) continue
    // Also where the test does not come to its end.
    const kill = () => server.kill('SIGKILL')
    process.once('exit', kill)
    server.once('exit', () => process.off('exit', kill))
    return server
  }
  throw new Error(install)
}

/** One question over a connection of its own; to a URL, or to a port of this machine. */
export async function ask<T>(
  server: string | number,
  question: (client: Redis) => Promise<T>
): Promise<T> {
  const url = typeof server === 'string' ? server : `redis://127.0.0.1:${server}`
  const client = new Redis(url, { retryStrategy: null, lazyConnect: true, commandTimeout: 5000 })
  client.on('error', () => {})
  try {
    await client.connect()
    return await question(client)
  } finally {
    client.disconnect()
  }
}

/** Asks until it is answered without an error. */
export async function until<T>(attempt: () => Promise<T>, what: string, ms = 15_000): Promise<T> {
  const end = Date.now() + ms
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() > end) throw new Error(`Waited ${ms} ms for ${what}`, { cause: error })
      await sleep(25)
    }
  }
}

/** Cluster nodes talk to each other on a second port, 10000 above. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
