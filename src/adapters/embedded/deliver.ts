import type { InboxEvent } from '../../engine/event.ts'
import type { Delivered } from '../../runtime/ports.ts'
import { take } from './claims.ts'
import type { Contents } from './database.ts'
import { takenKey } from './keys.ts'
import { addEvent } from './pending.ts'
import { readSaved } from './saved.ts'
import { eventsOf, isHeld, type Pending, pendingOf, setPending, type Waiting } from './under-way.ts'

interface Options {
  readonly now: number
  readonly claim: boolean
}

/** An event on its way into an inbox; encoded before its transaction, which nothing may then interrupt. */
export interface Arrival {
  readonly event: InboxEvent
  readonly text: string
}

export const arrivalOf = (event: InboxEvent): Arrival => ({ event, text: JSON.stringify(event) })

export function deliver(
  contents: Contents,
  sid: string,
  event: InboxEvent,
  options: Options,
  leaseMs: number
): () => Delivered {
  const arrival = arrivalOf(event)
  return () => receive(contents, sid, arrival, options, leaseMs)
}

/** An event that comes again is a duplicate even after the end: its sender learns that it had arrived. */
export function receive(
  contents: Contents,
  sid: string,
  { event, text }: Arrival,
  { now, claim }: Options,
  leaseMs: number
): Delivered {
  const { underWay } = contents
  const saved = readSaved(contents, sid)
  if (saved === null) return { outcome: 'unknown' }
  const pending = pendingOf(underWay, sid)
  if (wasSeen(contents, sid, pending, event.id)) return { outcome: 'duplicate' }
  if (saved.head.ended) return { outcome: 'ended' }

  const takes = claim && !isHeld(pending, now)
  const row = addEvent(contents, sid, text, takes && pending?.type !== 'held')
  const inbox = [...(pending?.inbox ?? []), { row, event }]
  if (takes)
    return { outcome: 'claimed', claim: take(contents, saved, pending, inbox, row, now + leaseMs) }
  setPending(contents, sid, waitingIn(inbox, pending, saved.head.dueAt, now))
  return { outcome: 'queued' }
}

/** A lease that has lapsed is due as it is. One that has not keeps its time, whatever comes in. */
const waitingIn = (
  inbox: readonly Waiting[],
  pending: Pending | null,
  dueAt: number | null,
  now: number
): Pending =>
  pending === null
    ? { type: 'queued', inbox, dueAt: Math.min(dueAt ?? now, now) }
    : { ...pending, inbox }

/** Whether the event id was delivered before, or consumed without ever being delivered. */
const wasSeen = (
  { tables }: Contents,
  sid: string,
  pending: Pending | null,
  eventId: string
): boolean =>
  eventsOf(pending?.inbox ?? []).some(({ id }) => id === eventId) ||
  tables.records.doesExist(takenKey(sid, eventId))
