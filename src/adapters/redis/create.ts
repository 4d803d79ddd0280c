import type { InboxEvent } from '../../engine/event.ts'
import type { Created, NewEntry } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { claim, lastSaves } from './claims.ts'
import { eventKey, writeEvent } from './inbox.ts'
import { inOrder } from './keys.ts'
import { contactList, firstLists, idempotencyList, placeOf, positionAt } from './lists.ts'
import { firstSave, packNew } from './record.ts'

/** A request that is repeated learns what the first one made, even where that stands in its way now. */
export async function create(backend: Backend, entry: NewEntry): Promise<Created> {
  for (;;) {
    const { place, ...created } = await createOnce(backend, entry)
    if (created.outcome !== 'conflict' || !entry.instead) return created
    const delivered = await deliverInstead(backend, entry, entry.instead, place)
    // Null where it has ended between the two: then nothing stands in the way any more.
    if (delivered) return delivered
  }
}

async function createOnce(
  { run, keys, leaseMs }: Backend,
  { execution, event, exclusive, idempotencyKey, now, claim }: NewEntry
): Promise<Created & { readonly place: string }> {
  const { sid, flowSid } = execution
  const own = keys.execution(sid)
  if (!own) throw new Error(`${sid} is not a SID of this store`)
  const means = idempotencyKey === null ? [] : [idempotencyList(execution, idempotencyKey)]
  const place = placeOf(execution)

  const answer = await run(client =>
    client.createExecution(
      ...inOrder(own),
      keys.lists(own.shard, flowSid),
      sid,
      packNew(execution),
      eventKey(event.id),
      writeEvent(event),
      now,
      claim ? now + leaseMs : '',
      place,
      means[0] ?? '',
      exclusive ? contactList(execution) : '',
      ...firstLists(execution),
      ...means
    )
  )
  if (answer === 1) {
    if (!claim) return { outcome: 'created', claim: null, place }
    const first = { execution, inbox: [event], fence: 1, recovering: false }
    lastSaves.set(first, firstSave(execution))
    return { outcome: 'created', claim: first, place }
  }
  const [refusal, other] = answer
  const outcome = refusal === -1 ? 'repeated' : 'conflict'
  return { outcome, sid: positionAt(other).sid, place: other }
}

/** A contact has one shard, so both executions share its lists and its schedule. */
async function deliverInstead(
  backend: Backend,
  { execution, idempotencyKey, now, ...entry }: NewEntry,
  event: InboxEvent,
  place: string
): Promise<Created | null> {
  const { run, keys } = backend
  const { sid } = positionAt(place)
  const other = keys.execution(sid)
  if (!other) throw new Error(`${sid} is not a SID of this store`)
  const answer = await run(client =>
    client.deliverInstead(
      other.head,
      other.inbox,
      other.due,
      keys.lists(other.shard, execution.flowSid),
      sid,
      eventKey(event.id),
      writeEvent(event),
      now,
      place,
      idempotencyKey === null ? '' : idempotencyList(execution, idempotencyKey)
    )
  )
  if (answer === -1) return null
  if (answer === -2) return { outcome: 'repeated', sid }
  const taken = entry.claim ? await claim(backend, sid, now, { onlyDue: false }) : null
  return { outcome: 'delivered', sid, claim: taken }
}
