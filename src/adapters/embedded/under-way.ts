// What is under way: in memory, as no other process has the folder, and in a small table for the one after this.
import type { InboxEvent } from '../../engine/event.ts'
import { FenceLost } from '../../runtime/errors.ts'
import type { Claim } from '../../runtime/ports.ts'
import type { Contents } from './database.ts'
import type { Head } from './saved.ts'

/** An event in an inbox, and the number of its row. */
export interface Waiting {
  readonly row: number
  readonly event: InboxEvent
}

/** Events wait, and nobody has claimed the execution since it was let go. */
export interface Queued {
  readonly type: 'queued'
  readonly inbox: readonly Waiting[]
  readonly dueAt: number
}

/** Claimed and not let go; recovered by whoever claims it after the lease. */
export interface Held {
  readonly type: 'held'
  readonly inbox: readonly Waiting[]
  readonly fence: number
  readonly leaseUntil: number
  /** The row that says so. */
  readonly row: number
  readonly head: Head
}

export type Pending = Queued | Held

export interface UnderWay {
  readonly held: Map<string, Held>
  /** In the order in which they came to wait. */
  readonly queued: Map<string, Queued>
  lastRow: number
  lastFence: number
  /** The last fence that no process after this one will give. */
  reservedFence: number
}

export const makeUnderWay = (): UnderWay => ({
  held: new Map(),
  queued: new Map(),
  lastRow: 0,
  lastFence: 0,
  reservedFence: 0
})

export const pendingOf = ({ held, queued }: UnderWay, sid: string): Pending | null =>
  held.get(sid) ?? queued.get(sid) ?? null

/** What is held under this claim, whether or not the lease has run out meanwhile. */
export function heldBy({ held }: UnderWay, { execution: { sid }, fence }: Claim): Held {
  const found = held.get(sid)
  if (found?.fence !== fence) throw new FenceLost(sid)
  return found
}

export const isHeld = (pending: Pending | null, now: number): boolean =>
  pending?.type === 'held' && pending.leaseUntil > now

export const eventsOf = (inbox: readonly Waiting[]): InboxEvent[] => inbox.map(({ event }) => event)

export function setPending(
  { underWay, changes }: Contents,
  sid: string,
  next: Pending | null
): void {
  const before = pendingOf(underWay, sid)
  changes.undo.push(() => replace(underWay, sid, before))
  replace(underWay, sid, next)
}

function replace({ held, queued }: UnderWay, sid: string, next: Pending | null): void {
  if (next?.type === 'held') held.set(sid, next)
  else held.delete(sid)
  if (next?.type === 'queued') queued.set(sid, next)
  else queued.delete(sid)
}
