import type { Claim } from '../../runtime/ports.ts'
import type { Save } from '../memory/saves.ts'
import type { Backend } from './backend.ts'
import { readEvent } from './inbox.ts'
import { inOrder } from './keys.ts'
import { type StepLines, unpackRecord } from './record.ts'
import type { Taken } from './scripts.ts'

/** What the next save of an execution goes on from. */
export interface LastSave {
  /** The steps beside the execution in its record, which the next save writes anew. */
  readonly latest: StepLines
  /** Empty before the first save. */
  readonly mark: string
}

export interface Saved extends Save, LastSave {}

/** What was saved last under a claim, or before it. */
export const lastSaves = new WeakMap<Claim, LastSave>()

/** `saved` is what this process remembers; a script that found it to be the last save has sent no record. */
export function claimOf([fence, recovering, mark, record, events]: Taken, saved?: Saved): Claim {
  const last = record ? { ...unpackRecord(record), mark: mark?.toString() ?? '' } : saved
  if (!last) throw new Error('A claim came without its execution')
  const claim = {
    execution: last.execution,
    inbox: events.map(event => readEvent(event.toString())),
    fence,
    recovering: recovering === 1
  }
  lastSaves.set(claim, last)
  return claim
}

export async function claim(
  { run, keys, leaseMs }: Backend,
  sid: string,
  now: number,
  { onlyDue }: { readonly onlyDue: boolean }
): Promise<Claim | null> {
  const own = keys.execution(sid)
  if (!own) return null
  const answer = await run(client =>
    client.claimExecutionBuffer(...inOrder(own), sid, now, now + leaseMs, onlyDue ? 1 : 0)
  )
  return answer === -1 ? null : claimOf(answer)
}
