import type { Created, NewEntry } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { lastSaves } from './claims.ts'
import { eventKey, writeEvent } from './inbox.ts'
import { contactList, firstLists, idempotencyList, placeOf } from './lists.ts'
import { packRecord } from './record.ts'

/** A request that is repeated learns what the first one made, even where that stands in its way now. */
export async function create(
  { run, keys, leaseMs }: Backend,
  { execution, event, exclusive, idempotencyKey, now, claim }: NewEntry
): Promise<Created> {
  const { sid, flowSid } = execution
  const own = keys.execution(sid)
  if (!own) throw new Error(`${sid} is not a SID of this store`)
  const made = idempotencyKey === null ? [] : [idempotencyList(execution, idempotencyKey)]

  const answer = await run(client =>
    client.createExecution(
      own.record,
      own.head,
      own.inbox,
      own.due,
      keys.lists(own.shard, flowSid),
      sid,
      packRecord(execution, '', []).record,
      eventKey(event.id),
      writeEvent(event),
      now,
      claim ? now + leaseMs : '',
      placeOf(execution),
      made[0] ?? '',
      exclusive ? contactList(execution) : '',
      ...firstLists(execution),
      ...made
    )
  )
  if (answer === 1) {
    if (!claim) return { outcome: 'created', claim: null }
    const first = { execution, inbox: [event], fence: 1, recovering: false }
    lastSaves.set(first, { latest: '', mark: '' })
    return { outcome: 'created', claim: first }
  }
  const [refusal, other] = answer
  return { outcome: refusal === -1 ? 'repeated' : 'conflict', sid: other }
}
