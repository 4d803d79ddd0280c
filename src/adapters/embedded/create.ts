import type { Created, NewEntry } from '../../runtime/ports.ts'
import type { Tables } from './database.ts'
import { dueAtOnce, type Head, leased, saveHead } from './head.ts'
import { append, arrivalOf } from './inbox.ts'
import { contactPart, executionKey, idempotencyKey, startingWith } from './keys.ts'
import { enlist } from './lists.ts'

/** A request that is repeated learns what the first one made, even where that stands in its way now. */
export function create(tables: Tables, entry: NewEntry, leaseMs: number): () => Created {
  const { execution, event, now } = entry
  const { sid } = execution
  const text = JSON.stringify(execution)
  const arrival = arrivalOf(event)
  const contact = contactPart(execution)
  const key = entry.idempotencyKey === null ? null : idempotencyKey(execution, entry.idempotencyKey)

  return () => {
    const made = key === null ? undefined : tables.idempotency.get(key)
    if (made !== undefined) return { outcome: 'repeated', sid: made }
    const active = entry.exclusive ? activeOf(tables, contact) : undefined
    if (active !== undefined) return { outcome: 'conflict', sid: active }

    tables.records.put(executionKey(sid), text)
    tables.contacts.put([contact, sid], '')
    if (key !== null) tables.idempotency.put(key, sid)
    enlist(tables, execution)
    const head = append(tables, sid, { ...fresh, idempotencyKey: key }, arrival)
    if (!entry.claim) {
      saveHead(tables, sid, null, dueAtOnce(head, now))
      return { outcome: 'created', claim: null }
    }
    saveHead(tables, sid, null, leased({ ...head, fence: 1 }, now + leaseMs))
    return { outcome: 'created', claim: { execution, inbox: [event], fence: 1, recovering: false } }
  }
}

/** Parallel executions may share a contact, so each has an entry of its own. */
function activeOf({ contacts }: Tables, contact: string): string | undefined {
  for (const [, sid] of contacts.getKeys({ ...startingWith([contact]), limit: 1 }))
    return String(sid)
  return undefined
}

const fresh: Head = {
  fence: 0,
  leaseUntil: null,
  dueAt: null,
  arrived: 0,
  waiting: 0,
  ended: false,
  conversations: [],
  idempotencyKey: null,
  mark: ''
}
