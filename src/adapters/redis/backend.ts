import type { Memory } from '../memory/saves.ts'
import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'
import type { LastSave } from './record.ts'

/** What every operation works with. */
export interface Backend {
  readonly run: Connection['run']
  readonly read: Connection['read']
  readonly keys: Keys
  readonly leaseMs: number
  readonly memory: Memory<LastSave>
}
