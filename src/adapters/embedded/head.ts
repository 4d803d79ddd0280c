import { FenceLost } from '../../runtime/errors.ts'
import type { Claim } from '../../runtime/ports.ts'
import type { Key, Tables } from './database.ts'
import { headKey } from './keys.ts'

/** What the store itself must know of an execution. Small, because every delivery writes it anew. */
export interface Head {
  readonly fence: number
  /** When the lease of the one who has it ends; null when it was let go. */
  readonly leaseUntil: number | null
  /** Its place in the due index: the end of the lease while there is one. */
  readonly dueAt: number | null
  /** Numbers the events of the inbox, and counts those still in it. */
  readonly arrived: number
  readonly waiting: number
  readonly ended: boolean
  /** Conversations under which the lists have it. */
  readonly conversations: readonly string[]
  /** Of the last save. */
  readonly mark: string
}

export function readHead({ records }: Tables, sid: string): Head | null {
  const text = records.get(headKey(sid))
  return text === undefined ? null : JSON.parse(text)
}

/** The one place that writes heads, so an execution is in the due index once or not at all. */
export function saveHead(tables: Tables, sid: string, before: Head | null, after: Head): void {
  moveDue(tables, sid, before, after)
  tables.records.put(headKey(sid), JSON.stringify(after))
}

/** The head of an execution that is still claimed so, whether or not the lease has run out meanwhile. */
export function claimedHead(tables: Tables, { execution: { sid }, fence }: Claim): Head {
  const head = readHead(tables, sid)
  if (head === null || head.fence !== fence || head.leaseUntil === null) throw new FenceLost(sid)
  return head
}

export const isHeld = ({ leaseUntil }: Head, now: number): boolean =>
  leaseUntil !== null && leaseUntil > now

export const leased = (head: Head, until: number): Head => ({
  ...head,
  leaseUntil: until,
  dueAt: until
})

/** A lease that has lapsed is due as it is. One that has not keeps its time, whatever comes in. */
export const dueAtOnce = (head: Head, now: number): Head =>
  head.leaseUntil === null ? { ...head, dueAt: Math.min(head.dueAt ?? now, now) } : head

/** Leases have a range of their own, so that a restart finds them all and nothing else. */
export const timer = 0
export const lease = 1

export function moveDue(
  { due }: Tables,
  sid: string,
  before: Head | null,
  after: Head | null
): void {
  const from = before && dueKey(sid, before)
  const to = after && dueKey(sid, after)
  if (from && to && from[0] === to[0] && from[1] === to[1]) return
  if (from) due.remove(from)
  if (to) due.put(to, '')
}

const dueKey = (sid: string, { leaseUntil, dueAt }: Head): Key | null =>
  dueAt === null ? null : [leaseUntil === null ? timer : lease, dueAt, sid]
