import { deepStrictEqual, ok } from 'node:assert/strict'
import type { Execution } from '../../../src/engine/execution.ts'
import { FenceLost } from '../../../src/runtime/errors.ts'
import type { Claim, ExecutionStore, Store } from '../../../src/runtime/ports.ts'
import { type Call, leaseMs } from './calls.ts'
import { type Expected, Model } from './model.ts'
import { ended, entryFor, flowSid, message, turnOf } from './samples.ts'

type Of<Name extends Call['call']> = Extract<Call, { readonly call: Name }>

/** Makes calls on the store, now of one worker and now of the other, and expects what the model answers. */
export class Sequence {
  readonly #model = new Model(leaseMs)
  /** All that were ever given, those that are lost meanwhile too. */
  readonly #claims: Claim[] = []
  readonly #store: Store
  readonly #peer: Store
  #now: number
  #calls = 0

  constructor(store: Store, peer: Store, now: number) {
    this.#store = store
    this.#peer = peer
    this.#now = now
  }

  async make(call: Call): Promise<void> {
    switch (call.call) {
      case 'create':
        return await this.#create(call)
      case 'deliver':
        return await this.#deliver(call)
      case 'claim':
        return await this.#claim(call)
      case 'claim due':
        return await this.#claimDue()
      case 'commit':
        return await this.#commit(call)
      case 'renew':
        return await this.#renew(call)
      case 'remove':
        return await this.#remove(call)
      case 'pass':
        this.#now += call.ms
        return
      default:
        return call satisfies never
    }
  }

  /** Everything that can be read. */
  async compare(): Promise<void> {
    const all = this.#model.sids.map(sid => this.#model.read(sid))
    const listed = await this.#executions.list({ flowSid, limit: 1000 })
    deepStrictEqual(bySid(listed), bySid(all.filter(execution => execution !== null)))
    for (const status of ['active', 'ended'] as const) {
      const some = await this.#executions.list({ flowSid, status, limit: 1000 })
      deepStrictEqual(
        bySid(some),
        bySid(listed).filter(execution => execution.status === status)
      )
    }
  }

  /** Leaves the store empty, and answers the time from which nothing of this can be felt. */
  async clear(): Promise<number> {
    this.#now += 10 * leaseMs
    for (const { sid } of await this.#executions.list({ flowSid, limit: 1000 })) {
      const claim = await this.#executions.claim(sid, this.#now)
      if (claim) await this.#executions.remove(claim)
    }
    deepStrictEqual(await this.#executions.claimDue(this.#now * 2, 1000), [])
    return this.#now
  }

  get #executions(): ExecutionStore {
    this.#calls += 1
    return (this.#calls % 2 ? this.#store : this.#peer).executions
  }

  async #create({ to, exclusive, key, instead, claim }: Of<'create'>): Promise<void> {
    const entry = entryFor(this.#store, {
      to,
      exclusive,
      idempotencyKey: key,
      claim,
      now: this.#now,
      ...(instead && { instead: message(`IM${instead}`) })
    })
    const created = await this.#executions.create(entry)
    const expected = this.#model.create(entry, 'sid' in created ? created.sid : null)
    deepStrictEqual({ ...created, claim: null }, { ...expected, claim: null })
    this.#received(claimIn(created), claimIn(expected))
  }

  async #deliver({ which, id, claim }: Of<'deliver'>): Promise<void> {
    const sid = pick(this.#model.sids, which) ?? 'nothing'
    const options = { now: this.#now, claim }
    const delivered = await this.#executions.deliver(sid, message(`IM${id}`), options)
    const expected = this.#model.deliver(sid, message(`IM${id}`), options)
    if (delivered.outcome === 'claimed' && expected.outcome === 'claimed')
      return this.#received(delivered.claim, expected.claim)
    deepStrictEqual(delivered, expected)
  }

  async #claim({ which }: Of<'claim'>): Promise<void> {
    const sid = pick(this.#model.sids, which) ?? 'nothing'
    this.#received(await this.#executions.claim(sid, this.#now), this.#model.claim(sid, this.#now))
  }

  async #claimDue(): Promise<void> {
    const claims = await this.#executions.claimDue(this.#now, 1000)
    const expected = this.#model.claimDue(this.#now)
    deepStrictEqual(claims.length, expected.length)
    for (const claim of claims) {
      const { sid } = claim.execution
      this.#received(claim, expected.find(({ execution }) => execution.sid === sid) ?? null)
    }
  }

  async #commit({ which, consume, due, hold, end }: Of<'commit'>): Promise<void> {
    const claim = pick(this.#claims, which)
    if (!claim) return
    const { execution, inbox } = claim
    const ids = inbox.map(({ id }) => id)
    const before = this.#model.read(execution.sid) ?? execution
    const changed: Execution = { ...before, stepCount: before.stepCount + 1 }
    const turn = turnOf(claim, {
      execution: end ? ended(changed) : changed,
      consumed: { all: ids, 'later ones': ids.slice(1), another: ['IM0'] }[consume],
      dueAt: due === null ? null : this.#now + due,
      hold,
      now: this.#now
    })
    const committed = await orLost(this.#executions.commit(claim, turn))
    deepStrictEqual(committed, this.#model.commit(claim, turn))
  }

  async #renew({ which }: Of<'renew'>): Promise<void> {
    const claim = pick(this.#claims, which)
    if (!claim) return
    const renewed = await this.#executions.renew(claim, this.#now)
    deepStrictEqual(renewed, this.#model.renew(claim, this.#now))
  }

  async #remove({ which }: Of<'remove'>): Promise<void> {
    const claim = pick(this.#claims, which)
    if (!claim) return
    const removed = await orLost(this.#executions.remove(claim).then(() => true))
    deepStrictEqual(removed ?? false, this.#model.remove(claim))
  }

  #received(claim: Claim | null, expected: Expected | null): void {
    deepStrictEqual(claim && { ...claim, fence: 0 }, expected && { ...expected, fence: 0 })
    if (!claim) return
    ok(this.#model.learn(claim), 'the fence grows')
    this.#claims.push(claim)
  }
}

/** One of what is there, newer ones first; undefined where there is nothing. */
const pick = <T>(all: readonly T[], which: number): T | undefined =>
  all[all.length - 1 - (which % all.length)]

const claimIn = <T>(created: { readonly claim: T } | { readonly sid: string }): T | null =>
  'claim' in created ? created.claim : null

const bySid = (all: readonly Execution[]): Execution[] =>
  all.toSorted((a, b) => (a.sid < b.sid ? -1 : 1))

/** Null where the fence was lost. */
const orLost = <T>(call: Promise<T>): Promise<T | null> =>
  call.catch((error: unknown) => {
    if (error instanceof FenceLost) return null
    throw error
  })
