import type { Created, NewEntry } from '../../runtime/ports.ts'
import { take } from './claims.ts'
import type { Contents, Tables } from './database.ts'
import { type Arrival, arrivalOf, receive } from './deliver.ts'
import { contactPart, idempotencyKey, meansKey, startingWith } from './keys.ts'
import { enlist } from './lists.ts'
import { addEvent } from './pending.ts'
import { newHead, save } from './saved.ts'
import { setPending } from './under-way.ts'

/** A request that is repeated learns what the first one made, even where that stands in its way now. */
export function create(contents: Contents, entry: NewEntry, leaseMs: number): () => Created {
  const { tables } = contents
  const { execution, event, instead, now } = entry
  const { sid } = execution
  const text = JSON.stringify(execution)
  const arrival = arrivalOf(event)
  const arrivalInstead = instead && arrivalOf(instead)
  const contact = contactPart(execution)
  const key = entry.idempotencyKey === null ? null : idempotencyKey(execution, entry.idempotencyKey)

  return () => {
    const made = key === null ? undefined : tables.idempotency.get(key)
    if (made !== undefined) return { outcome: 'repeated', sid: made }
    const active = entry.exclusive ? activeOf(tables, contact) : undefined
    if (active !== undefined && arrivalInstead) return deliverTo(active, arrivalInstead)
    if (active !== undefined) return { outcome: 'conflict', sid: active }

    const saved = { execution, head: newHead }
    save(contents, saved, text)
    tables.contacts.put([contact, sid], '')
    remember(sid)
    enlist(tables, execution)
    const row = addEvent(contents, sid, arrival.text, entry.claim)
    const inbox = [{ row, event }]
    if (entry.claim)
      return { outcome: 'created', claim: take(contents, saved, null, inbox, row, now + leaseMs) }
    setPending(contents, sid, { type: 'queued', inbox, dueAt: now })
    return { outcome: 'created', claim: null }
  }

  function deliverTo(active: string, event: Arrival): Created {
    const delivered = receive(contents, active, event, entry, leaseMs)
    remember(active)
    if (delivered.outcome === 'duplicate') return { outcome: 'repeated', sid: active }
    const claim = delivered.outcome === 'claimed' ? delivered.claim : null
    return { outcome: 'delivered', sid: active, claim }
  }

  /** The key means this execution for as long as there is one. */
  function remember(sid: string): void {
    if (key === null) return
    tables.idempotency.put(key, sid)
    tables.records.put(meansKey(sid, key), '')
  }
}

/** Parallel executions may share a contact, so each has an entry of its own. */
function activeOf({ contacts }: Tables, contact: string): string | undefined {
  for (const [, sid] of contacts.getKeys(startingWith([contact]))) return String(sid)
  return undefined
}
