import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'
import type { Memory } from './memory.ts'

/** What every operation works with. */
export interface Backend {
  readonly run: Connection['run']
  readonly keys: Keys
  readonly leaseMs: number
  readonly memory: Memory
}
