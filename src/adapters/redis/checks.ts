// What must be true of a Redis before the first execution is entrusted to it.
import { StoreRefused } from '../../runtime/errors.ts'
import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'

/** Throws where it is too old, or may throw away what it was given. */
export async function checkServer({ read, address }: Connection): Promise<void> {
  // Where this is not allowed, nothing can be known.
  const info = await read(client => client.info()).catch(() => '')
  const [, major = '7', minor = '0'] = /^redis_version:(\d+)\.(\d+)/m.exec(info) ?? []
  if (Number(major) < 6 || (major === '6' && Number(minor) < 2))
    throw new StoreRefused(
      `Redis at ${address} is version ${major}.${minor}; 6.2 or newer is needed`
    )
  if (/^maxmemory:[1-9]/m.test(info) && /^maxmemory_policy:allkeys/m.test(info))
    throw new StoreRefused(
      `Redis at ${address} would throw executions away when it is full. Set its maxmemory-policy to noeviction.`
    )
}

/** An execution is found by the number of its shard, so that must mean the same at every start. */
export async function checkLayout(
  { run, read, address }: Connection,
  { layout, shards }: Keys
): Promise<void> {
  const given = String(shards.length)
  const found = () => read(client => client.get(layout))
  if ((await found()) === null) await run(client => client.setnx(layout, given))
  const begun = await found()
  if (begun === given) return
  throw new StoreRefused(
    `The store in Redis at ${address} (key ${layout}) has ${begun} shards, not ${given}. Their number cannot change: start with ${begun} (REDIS_SHARDS), or with another REDIS_PREFIX or an empty Redis.`
  )
}
