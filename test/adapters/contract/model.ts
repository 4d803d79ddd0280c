import type { InboxEvent } from '../../../src/engine/event.ts'
import type { Execution } from '../../../src/engine/execution.ts'
import type { Claim, Commit, NewEntry } from '../../../src/runtime/ports.ts'

interface Entry {
  execution: Execution
  inbox: readonly InboxEvent[]
  readonly seen: Set<string>
  readonly keys: Set<string | null>
  fence: number
  leaseUntil: number | null
  dueAt: number | null
}

/** What a claim must bring; a store chooses its fences itself, as long as they grow. */
export type Expected = Omit<Claim, 'fence'>

type ModelCreated =
  | { readonly outcome: 'created'; readonly claim: Expected | null }
  | { readonly outcome: 'delivered'; readonly sid: string; readonly claim: Expected | null }
  | { readonly outcome: 'conflict' | 'repeated'; readonly sid: string }

/** The store as simple as can be: everything in one map, one thing at a time. */
export class Model {
  readonly #entries = new Map<string, Entry>()
  readonly #leaseMs: number

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs
  }

  get sids(): string[] {
    return [...this.#entries.keys()]
  }

  read(sid: string): Execution | null {
    return this.#entries.get(sid)?.execution ?? null
  }

  /** Of several that stand in the way any may be the one; `chosen` is the one that the store has named. */
  create(entry: NewEntry, chosen: string | null): ModelCreated {
    const { execution, event, exclusive, idempotencyKey, claim, now } = entry
    const contact = this.#all().filter(({ execution: { to } }) => to === execution.to)
    const before = contact.find(({ keys }) => idempotencyKey !== null && keys.has(idempotencyKey))
    if (before) return { outcome: 'repeated', sid: before.execution.sid }
    const active = contact.filter(({ execution: { status } }) => status === 'active')
    const other = active.find(({ execution: { sid } }) => sid === chosen) ?? active[0]
    if (exclusive && other) return this.#standsInTheWay(other, entry)
    const made: Entry = {
      execution,
      inbox: [event],
      seen: new Set([event.id]),
      keys: new Set([idempotencyKey]),
      fence: 0,
      leaseUntil: null,
      dueAt: now
    }
    this.#entries.set(execution.sid, made)
    return { outcome: 'created', claim: claim ? this.#take(made, now) : null }
  }

  #standsInTheWay(
    { execution: { sid }, keys }: Entry,
    { instead, idempotencyKey, ...options }: NewEntry
  ): ModelCreated {
    if (!instead) return { outcome: 'conflict', sid }
    keys.add(idempotencyKey)
    const delivered = this.deliver(sid, instead, options)
    if (delivered.outcome === 'duplicate') return { outcome: 'repeated', sid }
    const claim = delivered.outcome === 'claimed' ? delivered.claim : null
    return { outcome: 'delivered', sid, claim }
  }

  deliver(sid: string, event: InboxEvent, { now, claim }: { now: number; claim: boolean }) {
    const entry = this.#entries.get(sid)
    if (!entry) return { outcome: 'unknown' } as const
    if (entry.seen.has(event.id)) return { outcome: 'duplicate' } as const
    if (entry.execution.status === 'ended') return { outcome: 'ended' } as const
    entry.seen.add(event.id)
    entry.inbox = [...entry.inbox, event]
    if (claim && !isHeld(entry, now))
      return { outcome: 'claimed', claim: this.#take(entry, now) } as const
    if (entry.leaseUntil === null) entry.dueAt = Math.min(entry.dueAt ?? now, now)
    return { outcome: 'queued' } as const
  }

  claim(sid: string, now: number): Expected | null {
    const entry = this.#entries.get(sid)
    return entry && !isHeld(entry, now) ? this.#take(entry, now) : null
  }

  claimDue(now: number): Expected[] {
    return this.#all()
      .filter(({ dueAt }) => dueAt !== null && dueAt <= now)
      .map(entry => this.#take(entry, now))
  }

  /** The events handed back, or null where the fence is lost. */
  commit(claim: Claim, { execution, consumed, hold, dueAt, now }: Commit) {
    const entry = this.#claimed(claim)
    if (!entry) return null
    for (const id of consumed) entry.seen.add(id)
    entry.execution = execution
    entry.inbox = entry.inbox.filter(({ id }) => !consumed.includes(id))
    const goesOn = hold || entry.inbox.length > 0
    entry.leaseUntil = goesOn ? now + this.#leaseMs : null
    entry.dueAt = goesOn ? entry.leaseUntil : dueAt
    return entry.inbox
  }

  renew(claim: Claim, now: number): boolean {
    const entry = this.#claimed(claim)
    if (entry) entry.dueAt = entry.leaseUntil = now + this.#leaseMs
    return entry !== null
  }

  remove(claim: Claim): boolean {
    const entry = this.#claimed(claim)
    return entry !== null && this.#entries.delete(entry.execution.sid)
  }

  /** Remembers the fence that the store gave; false if it is no greater than the one before. */
  learn({ execution: { sid }, fence }: Claim): boolean {
    const entry = this.#entries.get(sid)
    if (!entry || fence <= entry.fence) return false
    entry.fence = fence
    return true
  }

  #all(): Entry[] {
    return [...this.#entries.values()]
  }

  #take(entry: Entry, now: number): Expected {
    const recovering = entry.leaseUntil !== null
    entry.dueAt = entry.leaseUntil = now + this.#leaseMs
    return { execution: entry.execution, inbox: entry.inbox, recovering }
  }

  #claimed({ execution: { sid }, fence }: Claim): Entry | null {
    const entry = this.#entries.get(sid)
    return entry && entry.fence === fence && entry.leaseUntil !== null ? entry : null
  }
}

const isHeld = ({ leaseUntil }: Entry, now: number): boolean =>
  leaseUntil !== null && leaseUntil > now
