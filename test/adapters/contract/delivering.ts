import type { Test } from 'tap'
import {
  claimed,
  ended,
  entryFor,
  far,
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

const claim = { now: start, claim: true }
const queue = { now: start, claim: false }

export async function delivering(t: Test, makeStore: MakeStore): Promise<void> {
  t.test('an event claims an execution that nobody holds', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const execution = await parked(store, { dueAt: far })
    const delivered = await store.executions.deliver(execution.sid, message('IM1'), claim)
    if (delivered.outcome !== 'claimed') return t.fail(delivered.outcome)
    t.strictSame(delivered.claim.execution, execution)
    t.strictSame(delivered.claim.inbox, [message('IM1')])
    t.equal(delivered.claim.recovering, false)
    t.equal(await peer.executions.claim(execution.sid, start), null)
  })

  t.test('a claim brings everything that had been queued, in the order of arrival', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store)
    const ids = times(12, at => `IM${(at * 7) % 12}`)
    for (const [at, id] of ids.entries())
      await (at % 2 ? store : peer).executions.deliver(sid, message(id), queue)
    const delivered = await peer.executions.deliver(sid, message('last'), claim)
    if (delivered.outcome !== 'claimed') return t.fail(delivered.outcome)
    t.strictSame(idsOf(delivered.claim.inbox), [...ids, 'last'])
  })

  t.test('an event that is not to claim makes the execution due at once', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store, { dueAt: far })
    const outcome = await store.executions.deliver(sid, message('IM1'), queue)
    t.strictSame(outcome, { outcome: 'queued' })
    const due = only(await peer.executions.claimDue(start, 10))
    t.strictSame(due.inbox, [message('IM1')])
    t.equal(due.recovering, false)
  })

  t.test(
    'an event for a held execution waits: nobody can claim it before the lease ends',
    async t => {
      const { store, peer } = await makeStore(t, { leaseMs })
      const { sid } = (await held(store)).execution
      for (const [id, options] of [['IM1', claim] as const, ['IM2', queue] as const]) {
        const outcome = await peer.executions.deliver(sid, message(id), options)
        t.strictSame(outcome, { outcome: 'queued' })
      }
      t.strictSame(await peer.executions.claimDue(start + leaseMs - 1, 10), [])
      const { inbox } = only(await peer.executions.claimDue(start + leaseMs, 10))
      t.strictSame(idsOf(inbox), ['trigger', 'IM1', 'IM2'])
    }
  )

  t.test('an event claims an execution whose lease has lapsed, to recover it', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const first = await held(store)
    const { sid } = first.execution
    const now = start + leaseMs
    const delivered = await peer.executions.deliver(sid, message('IM1'), { now, claim: true })
    if (delivered.outcome !== 'claimed') return t.fail(delivered.outcome)
    t.equal(delivered.claim.recovering, true)
    t.ok(delivered.claim.fence > first.fence)
    t.strictSame(idsOf(delivered.claim.inbox), ['trigger', 'IM1'])
    t.strictSame(await store.executions.claimDue(now, 10), [])
  })

  t.test(
    'an event that comes again is a duplicate: waiting, consumed, and after the end',
    async t => {
      const { store, peer } = await makeStore(t, { leaseMs })
      const { sid } = await parked(store)
      const again = (id: string) => peer.executions.deliver(sid, message(id), claim)
      const delivered = await store.executions.deliver(sid, message('IM1'), claim)
      if (delivered.outcome !== 'claimed') return t.fail(delivered.outcome)
      t.strictSame(await again('IM1'), { outcome: 'duplicate' })
      const { execution } = delivered.claim
      const turn = turnOf(delivered.claim, { execution: ended(execution) })
      t.strictSame(await store.executions.commit(delivered.claim, turn), [])
      t.strictSame(await again('IM1'), { outcome: 'duplicate' })
      t.strictSame(await again('trigger'), { outcome: 'duplicate' })
      t.strictSame(await again('IM2'), { outcome: 'ended' })
      t.strictSame((await claimed(store, sid, start)).inbox, [])
    }
  )

  t.test('a duplicate changes nothing: no claim, no due time', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store, { dueAt: far })
    for (const options of [claim, queue]) {
      const outcome = await store.executions.deliver(sid, { ...message('trigger') }, options)
      t.strictSame(outcome, { outcome: 'duplicate' })
    }
    t.strictSame(await store.executions.claimDue(far - 1, 10), [])
    t.equal((await store.executions.claimDue(far, 10)).length, 1)
  })

  t.test('of 50 deliveries of one event at once exactly one is not a duplicate', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store)
    const all = await Promise.all(
      times(50, at => (at % 2 ? store : peer).executions.deliver(sid, message('IM1'), claim))
    )
    const { outcome } = only(all.filter(({ outcome }) => outcome !== 'duplicate'))
    t.equal(outcome, 'claimed')
  })

  t.test('of 50 events at once one claims, the others queue, and none is lost', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store)
    const all = await Promise.all(
      times(50, at => (at % 2 ? store : peer).executions.deliver(sid, message(`IM${at}`), claim))
    )
    const winner = only(all.filter(({ outcome }) => outcome === 'claimed'))
    if (winner.outcome !== 'claimed') return
    t.equal(all.filter(({ outcome }) => outcome === 'queued').length, 49)
    const rest = await store.executions.commit(winner.claim, turnOf(winner.claim))
    t.strictSame(
      new Set([...idsOf(winner.claim.inbox), ...idsOf(rest)]),
      new Set(times(50, at => `IM${at}`))
    )
  })

  t.test('one event id may go to several executions', async t => {
    const { store } = await makeStore(t, { leaseMs })
    for (const { sid } of [await parked(store), await parked(store)])
      t.equal((await store.executions.deliver(sid, message('IM1'), claim)).outcome, 'claimed')
  })

  t.test('an event id may be anything', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store)
    const long = 'x'.repeat(5000)
    const ids = ['a', 'A', '', ' ', '#a', 'a\0b', 'a:b', long, `${long}y`, '💥', '../{}']
    const outcomes = async () => {
      const all = ids.map(id => store.executions.deliver(sid, message(id), queue))
      return new Set((await Promise.all(all)).map(({ outcome }) => outcome))
    }
    t.strictSame(await outcomes(), new Set(['queued']))
    t.strictSame(await outcomes(), new Set(['duplicate']))
    const whole = await claimed(store, sid, start)
    t.strictSame(
      whole.inbox,
      ids.map(id => message(id))
    )
    t.strictSame(await store.executions.commit(whole, turnOf(whole)), [])
    t.strictSame(await outcomes(), new Set(['duplicate']))
  })

  t.test('what is not there is unknown', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const { execution } = entryFor(store)
    for (const sid of [execution.sid, '', 'nonsense', 'FN\0', 'x'.repeat(5000)]) {
      const outcome = await store.executions.deliver(sid, message('IM1'), claim)
      t.strictSame(outcome, { outcome: 'unknown' })
      t.equal(await store.executions.claim(sid, start), null)
      t.equal(await store.executions.fetch(sid), null)
      t.strictSame(await store.executions.fetchSteps(sid), [])
    }
  })
}
