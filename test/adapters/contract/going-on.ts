// What stands in the way of a new execution goes on with an event instead.
import type { Test } from 'tap'
import {
  claimed,
  ended,
  entryFor,
  far,
  flowSid,
  held,
  idsOf,
  leaseMs,
  type MakeStore,
  message,
  only,
  parked,
  start,
  times,
  turnOf
} from './samples.ts'

const given = (id: string) => ({ exclusive: true, idempotencyKey: id, instead: message(id) })

export async function goingOn(t: Test, makeStore: MakeStore): Promise<void> {
  t.test('the active execution is claimed with the event in its inbox', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const execution = await parked(store, { dueAt: far })
    const created = await peer.executions.create(entryFor(store, given('IM1')))
    if (created.outcome !== 'delivered' || !created.claim) return t.fail(created.outcome)
    t.equal(created.sid, execution.sid)
    t.strictSame(created.claim.execution, execution)
    t.strictSame(created.claim.inbox, [message('IM1')])
    t.equal(created.claim.recovering, false)
    t.equal(await store.executions.claim(execution.sid, start), null)
    t.equal((await store.executions.list({ flowSid, limit: 10 })).length, 1)
  })

  t.test('without a claim the active execution is due at once', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store, { dueAt: far })
    const entry = entryFor(store, { ...given('IM1'), claim: false })
    t.strictSame(await store.executions.create(entry), { outcome: 'delivered', sid, claim: null })
    t.strictSame(only(await peer.executions.claimDue(start, 10)).inbox, [message('IM1')])
  })

  t.test('one that is held gets the event with its commit, and keeps its lease', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const turn = await held(store)
    const { sid } = turn.execution
    const created = await peer.executions.create(entryFor(store, given('IM1')))
    t.strictSame(created, { outcome: 'delivered', sid, claim: null })
    t.strictSame(await peer.executions.claimDue(start + leaseMs - 1, 10), [])
    t.strictSame(await store.executions.commit(turn, turnOf(turn)), [message('IM1')])
  })

  t.test('the event that comes again is a repetition, also after the end', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store)
    const again = () => peer.executions.create(entryFor(store, given('IM1')))
    const first = await again()
    if (first.outcome !== 'delivered' || !first.claim) return t.fail(first.outcome)
    t.strictSame(await again(), { outcome: 'repeated', sid })
    const last = turnOf(first.claim, { execution: ended(first.claim.execution) })
    t.strictSame(await store.executions.commit(first.claim, last), [])
    t.strictSame(await again(), { outcome: 'repeated', sid })
    t.strictSame((await claimed(store, sid, start)).inbox, [])

    const other = await peer.executions.create(entryFor(store, given('IM2')))
    t.equal(other.outcome, 'created', 'another event starts another one')
    t.strictSame(await again(), { outcome: 'repeated', sid }, 'while that is active')
  })

  t.test('an event that had come by another way is a repetition, also after the end', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const turn = await held(store)
    const { sid } = turn.execution
    await store.executions.deliver(sid, message('IM1'), { now: start, claim: false })
    const again = () => store.executions.create(entryFor(store, given('IM1')))
    t.strictSame(await again(), { outcome: 'repeated', sid })
    const consumed = ['trigger', 'IM1']
    const execution = ended(turn.execution)
    t.strictSame(await store.executions.commit(turn, turnOf(turn, { consumed, execution })), [])
    t.strictSame(await again(), { outcome: 'repeated', sid })
  })

  t.test('where nothing stands in the way the event is not needed', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const free = await held(store, given('IM1'))
    t.strictSame(idsOf(free.inbox), ['trigger'])
    const parallel = entryFor(store, { instead: message('IM2'), exclusive: false })
    t.equal((await store.executions.create(parallel)).outcome, 'created')
    const late = await store.executions.deliver(free.execution.sid, message('IM2'), {
      now: start,
      claim: true
    })
    t.strictSame(late, { outcome: 'queued' })
  })

  t.test('without a key it is delivered once all the same', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store)
    const entry = () => entryFor(store, { exclusive: true, instead: message('IM1') })
    t.equal((await store.executions.create(entry())).outcome, 'delivered')
    t.strictSame(await store.executions.create(entry()), { outcome: 'repeated', sid })
  })

  t.test('of 40 who bring two events at once each is taken once, by one execution', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const all = await Promise.all(
      times(40, at =>
        (at % 2 ? store : peer).executions.create(entryFor(store, given(`IM${at % 4 < 2 ? 1 : 2}`)))
      )
    )
    const count = (outcome: string) => all.filter(created => created.outcome === outcome).length
    t.strictSame(['created', 'delivered', 'repeated', 'conflict'].map(count), [1, 1, 38, 0])
  })

  t.test('an event that meets the end is taken by the one or starts the other', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    for (const id of times(20, at => `IM${at}`)) {
      const turn = await held(store, { to: id })
      const { sid } = turn.execution
      const [created, rest] = await Promise.all([
        peer.executions.create(entryFor(store, { ...given(id), to: id })),
        store.executions.commit(turn, turnOf(turn, { execution: ended(turn.execution) }))
      ])
      if (created.outcome === 'created') t.strictSame(rest, [])
      else t.match(created, { outcome: 'delivered', sid })
      const again = await peer.executions.create(entryFor(store, { ...given(id), to: id }))
      t.equal(again.outcome, 'repeated')
    }
  })

  t.test('with the execution its keys are forgotten', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store, { idempotencyKey: 'first', exclusive: true })
    const taken = await store.executions.create(entryFor(store, given('IM1')))
    if (taken.outcome !== 'delivered' || !taken.claim) return t.fail(taken.outcome)
    await store.executions.remove(taken.claim)
    for (const idempotencyKey of ['first', 'IM1']) {
      const again = await store.executions.create(entryFor(store, { idempotencyKey }))
      t.equal(again.outcome, 'created')
    }
    t.equal(await store.executions.fetch(sid), null)
  })
}
