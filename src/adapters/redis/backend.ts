import type { Memory } from '../memory/saves.ts'
import type { Saved } from './claims.ts'
import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'

/** What every operation works with. */
export interface Backend {
  readonly run: Connection['run']
  readonly read: Connection['read']
  readonly keys: Keys
  readonly leaseMs: number
  readonly memory: Memory<Saved>
}
