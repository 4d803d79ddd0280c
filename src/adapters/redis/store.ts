import type { Store } from '../../runtime/ports.ts'
import { makeMemory } from '../memory/saves.ts'
import { checkLayout, checkServer } from './checks.ts'
import type { Addresses } from './client.ts'
import { connect } from './connection.ts'
import { redisExecutions } from './executions.ts'
import { redisFlows } from './flows.ts'
import { keysOf } from './keys.ts'
import { redisNotes } from './notes.ts'
import type { LastSave } from './record.ts'

export interface RedisStoreOptions extends Addresses {
  /** Chosen once, at the first start; more of them let a Cluster spread the work over more nodes. */
  readonly shards?: number
  readonly leaseMs?: number
  /** How many replicas must have a change before it counts: what a failover must not lose. */
  readonly waitReplicas?: number
  /** How long the start waits for a Redis that does not answer yet. */
  readonly startMs?: number
  /** Begins every key, so that several services can share one Redis. */
  readonly prefix?: string
}

/** A store in Redis 6.2 or newer, for any number of processes. What it keeps is as durable as that Redis is. */
export async function openRedisStore({
  shards = 16,
  leaseMs = 30_000,
  startMs = 10_000,
  waitReplicas = 0,
  prefix = 'reprise',
  ...addresses
}: RedisStoreOptions): Promise<Store> {
  if (!(Number.isInteger(shards) && shards >= 1 && shards <= 0x10000))
    throw new Error(`A store has 1 to 65536 shards, not ${shards}`)
  if (!/^[^{}\s]+$/.test(prefix))
    throw new Error(`'${prefix}' cannot begin a key: it is empty, or has braces or spaces`)
  const keys = keysOf(prefix, shards)
  const connection = await connect(addresses, { startMs, waitReplicas })
  const { run, read, close } = connection
  try {
    await checkServer(connection)
    await checkLayout(connection, keys)
  } catch (error) {
    await close()
    throw error
  }
  const backend = { run, read, keys, leaseMs, memory: makeMemory<LastSave>() }
  return {
    executions: redisExecutions(backend),
    flows: redisFlows(backend),
    notes: redisNotes(backend),
    async ping() {
      // Every shard, as each may be on a node of its own.
      await Promise.all(keys.shards.map(shard => read(client => client.exists(keys.due(shard)))))
    },
    close
  }
}
