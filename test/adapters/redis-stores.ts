import type { Test } from 'tap'
import { openRedisStore, type RedisStoreOptions } from '../../src/adapters/redis/store.ts'
import type { Store } from '../../src/runtime/ports.ts'
import { ask, freshPrefix } from '../support/redis-server.ts'
import type { MakeStore } from './contract/samples.ts'

/** Makes stores that share a Redis, each with keys of its own. */
export const storesOn =
  (addresses: RedisStoreOptions): MakeStore =>
  async (t, { leaseMs }) => {
    const options = { ...addresses, leaseMs, prefix: freshPrefix() }
    const [store, peer] = [await opened(t, options), await opened(t, options)]
    const reopen = async () => {
      await store.close()
      return await opened(t, options)
    }
    return { store, peer, reopen }
  }

export async function opened(t: Test, options: RedisStoreOptions): Promise<Store> {
  const store = await openRedisStore(options)
  t.teardown(() => store.close())
  return store
}

/** All keys of one store. */
export const keysIn = (url: string, prefix: string): Promise<string[]> =>
  ask(url, async client => {
    const keys: string[] = []
    for await (const some of client.scanStream({ match: `{${prefix}:*`, count: 1000 }))
      keys.push(...some)
    return keys.sort()
  })
