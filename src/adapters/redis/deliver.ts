import type { InboxEvent } from '../../engine/event.ts'
import type { Delivered } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { claimOf } from './claims.ts'
import { eventKey, writeEvent } from './inbox.ts'
import { inOrder } from './keys.ts'
import { mostTexts } from './record.ts'

/** An event that comes again is a duplicate even after the end: its sender learns that it had arrived. */
export async function deliver(
  { run, keys, leaseMs, memory }: Backend,
  sid: string,
  event: InboxEvent,
  { now, claim }: { readonly now: number; readonly claim: boolean }
): Promise<Delivered> {
  const own = keys.execution(sid)
  if (!own) return { outcome: 'unknown' }

  const saved = memory.get(sid)
  const answer = await run(client =>
    client.deliverEventBuffer(
      ...inOrder(own),
      sid,
      eventKey(event.id),
      writeEvent(event),
      now,
      claim ? now + leaseMs : '',
      saved?.mark ?? '',
      mostTexts
    )
  )
  switch (answer) {
    case 0:
      return { outcome: 'queued' }
    case -1:
      return { outcome: 'unknown' }
    case -2:
      return { outcome: 'duplicate' }
    case -3:
      return { outcome: 'ended' }
    default:
      return { outcome: 'claimed', claim: claimOf(answer, { saved, event }) }
  }
}
