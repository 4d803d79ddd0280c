import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import {
  ask,
  freePort,
  type RedisServer,
  startRedis,
  startServer,
  until,
  untilReplicated
} from './redis-server.ts'

export const watchedName = 'reprise-1'

/** A primary with replicas, and three Sentinels that soon agree when it is gone. */
export async function startWatchedRedis(t: Test, { replicas = 1 } = {}) {
  const settings = { 'repl-diskless-sync-delay': '0' }
  const primary = await startRedis(t, settings)
  const others = await Promise.all(Array.from({ length: replicas }, () => startRedis(t, settings)))
  for (const { port } of others)
    await ask(port, client => client.replicaof('127.0.0.1', primary.port))
  await untilReplicated(primary, replicas)
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(t, primary.port)))
  for (const { port } of sentinels)
    await until(async () => {
      const facts = await ask(port, client => client.call('SENTINEL', 'MASTER', watchedName))
      const known = JSON.stringify(facts)
      const all = [`"num-slaves","${replicas}"`, '"num-other-sentinels","2"']
      if (!all.every(fact => known.includes(fact))) throw new Error(known)
    }, 'the Sentinels to know everybody')
  return { primary, sentinels }
}

/** A Sentinel writes what it learns into its own configuration. */
async function startSentinel(t: Test, primaryPort: number): Promise<RedisServer> {
  const dir = mkdtempSync(join(tmpdir(), 'sentinel-'))
  const file = join(dir, 'sentinel.conf')
  const port = await freePort()
  writeFileSync(
    file,
    `port ${port}
bind 127.0.0.1
dir ${dir}
loglevel warning
sentinel monitor ${watchedName} 127.0.0.1 ${primaryPort} 2
sentinel down-after-milliseconds ${watchedName} 500
sentinel failover-timeout ${watchedName} 2000
`
  )
  return startServer(t, dir, port, [file, '--sentinel'])
}
