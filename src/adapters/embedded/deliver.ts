import type { InboxEvent } from '../../engine/event.ts'
import type { Delivered } from '../../runtime/ports.ts'
import { take } from './claims.ts'
import type { Contents } from './database.ts'
import { dueAtOnce, isHeld, readHead, saveHead } from './head.ts'
import { type Arrival, append, arrivalOf, wasSeen } from './inbox.ts'

interface Options {
  readonly now: number
  readonly claim: boolean
}

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
  arrival: Arrival,
  { now, claim }: Options,
  leaseMs: number
): Delivered {
  const { tables } = contents
  const before = readHead(tables, sid)
  if (before === null) return { outcome: 'unknown' }
  if (wasSeen(tables, sid, arrival.event.id)) return { outcome: 'duplicate' }
  if (before.ended) return { outcome: 'ended' }

  const head = append(tables, sid, before, arrival)
  if (claim && !isHeld(head, now))
    return { outcome: 'claimed', claim: take(contents, sid, before, head, now + leaseMs) }
  saveHead(tables, sid, before, dueAtOnce(head, now))
  return { outcome: 'queued' }
}
