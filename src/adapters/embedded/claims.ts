import type { Claim } from '../../runtime/ports.ts'
import { nextFence } from './about.ts'
import type { Contents } from './database.ts'
import { dueUntil } from './keys.ts'
import { addClaim } from './pending.ts'
import { moveDueRow, readHead, readSaved, type Saved } from './saved.ts'
import { eventsOf, isHeld, type Pending, pendingOf, setPending, type Waiting } from './under-way.ts'

/** Claims an execution that nobody holds; `row` says so already, or is null. */
export function take(
  contents: Contents,
  { execution, head }: Saved,
  before: Pending | null,
  inbox: readonly Waiting[],
  row: number | null,
  until: number
): Claim {
  const { sid } = execution
  const recovering = before?.type === 'held'
  const fence = nextFence(contents)
  setPending(contents, sid, {
    type: 'held',
    inbox,
    fence,
    leaseUntil: until,
    row: recovering ? before.row : (row ?? addClaim(contents, sid)),
    head
  })
  return { execution, inbox: eventsOf(inbox), fence, recovering }
}

export function takeOne(
  contents: Contents,
  sid: string,
  now: number,
  leaseMs: number,
  { onlyDue = false }: { readonly onlyDue?: boolean } = {}
): Claim | null {
  const pending = pendingOf(contents.underWay, sid)
  const saved = isHeld(pending, now) ? null : readSaved(contents, sid)
  if (!saved || (onlyDue && !isDue(pending, saved, now))) return null
  return take(contents, saved, pending, pending?.inbox ?? [], null, now + leaseMs)
}

/** Of one that nobody holds: a claim that was not let go is due as soon as its lease has lapsed. */
function isDue(pending: Pending | null, { head }: Saved, now: number): boolean {
  if (pending?.type === 'held') return true
  const { dueAt } = pending ?? head
  return dueAt !== null && dueAt <= now
}

interface Due {
  readonly sid: string
  readonly at: number
}

export function takeDue(contents: Contents, now: number, limit: number, leaseMs: number): Claim[] {
  return [
    ...lapsedLeases(contents, now),
    ...queuedUntil(contents, now, limit),
    ...timersUntil(contents, now, limit)
  ]
    .sort((a, b) => a.at - b.at)
    .slice(0, Math.max(limit, 0))
    .flatMap(({ sid }) => takeOne(contents, sid, now, leaseMs) ?? [])
}

/** No more are held than turns run at once. */
function lapsedLeases({ underWay }: Contents, now: number): Due[] {
  const found: Due[] = []
  for (const [sid, { leaseUntil }] of underWay.held)
    if (leaseUntil <= now) found.push({ sid, at: leaseUntil })
  return found
}

/** The first that came to wait; there may be very many. */
function queuedUntil({ underWay }: Contents, now: number, limit: number): Due[] {
  const found: Due[] = []
  for (const [sid, { dueAt }] of underWay.queued) {
    if (found.length >= limit) break
    if (dueAt <= now) found.push({ sid, at: dueAt })
  }
  return found
}

/** So that no call takes long; those beyond are moved by the next one. */
const mostMoved = 1000

/**
 * Executions that have nothing under way and whose time has come. A row of the index may come up before the
 * time of its execution, and is then moved to it. Nothing is written before all is read, as writing moves the
 * cursor's ground.
 */
function timersUntil(contents: Contents, now: number, limit: number): Due[] {
  const { tables, underWay } = contents
  const found: Due[] = []
  const early: string[] = []
  for (const [, , last] of tables.due.getKeys(dueUntil(now))) {
    if (found.length >= limit || early.length >= mostMoved) break
    const sid = String(last)
    if (pendingOf(underWay, sid)) continue
    const at = readHead(contents, sid)?.dueAt ?? null
    if (at !== null && at <= now) found.push({ sid, at })
    else early.push(sid)
  }
  for (const sid of early) moveDueRow(contents, sid)
  return found
}
