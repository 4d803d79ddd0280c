import type { InboxEvent } from '../../engine/event.ts'
import type { Claim } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { readEvent } from './inbox.ts'
import { inOrder } from './keys.ts'
import { type LastSave, mostTexts, readRecord } from './record.ts'
import type { Taken } from './scripts.ts'

/** What was saved last under a claim, or before it. */
export const lastSaves = new WeakMap<Claim, LastSave>()

/** What a script does not send, as this process has it: the save that it remembers, the event that it brought. */
interface AtHand {
  readonly saved?: LastSave | undefined
  readonly event?: InboxEvent
}

export function claimOf(
  [fence, recovering, mark, record, events]: Taken,
  { saved, event }: AtHand = {}
): Claim {
  const last = record ? { ...readRecord(record), mark: mark.toString() } : saved
  if (!last) throw new Error('A claim came without its execution')
  const claim = {
    execution: last.execution,
    inbox: events?.map(text => readEvent(text.toString())) ?? (event ? [event] : []),
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
    client.claimExecutionBuffer(
      ...inOrder(own),
      sid,
      now,
      now + leaseMs,
      onlyDue ? 1 : 0,
      mostTexts
    )
  )
  return answer === -1 ? null : claimOf(answer)
}
