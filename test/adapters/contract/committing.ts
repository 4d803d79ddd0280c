import type { Test } from 'tap'
import type { Execution } from '../../../src/engine/execution.ts'
import { FenceLost } from '../../../src/runtime/errors.ts'
import {
  claimed,
  far,
  held,
  idsOf,
  leaseMs,
  type MakeStore,
  message,
  only,
  parked,
  start,
  stepOf,
  times,
  turnOf
} from './samples.ts'

const claim = { now: start, claim: true }

export async function committing(t: Test, makeStore: MakeStore): Promise<void> {
  t.test('a commit saves the execution and its steps, and lets go', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const first = await held(store)
    const execution: Execution = {
      ...first.execution,
      context: { widgets: { greet: { Body: 'Привет 👋\0', list: [1.5, -0, true, null] } } },
      pause: { type: 'step' }
    }
    const steps = times(12, at => stepOf(execution, at + 1))
    const turn = turnOf(first, { execution, steps: steps.slice(0, 11), dueAt: far })
    t.strictSame(await store.executions.commit(first, turn), [])
    const second = await claimed(peer, execution.sid, start)
    t.strictSame(second.execution, JSON.parse(JSON.stringify(execution)))
    t.strictSame(second.inbox, [])
    t.equal(second.recovering, false)
    await peer.executions.commit(second, turnOf(second, { steps: steps.slice(11) }))
    t.strictSame(await store.executions.fetchSteps(execution.sid), steps)
  })

  t.test('of two commits of one claim the second is refused and changes nothing', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const first = await held(store)
    const { execution } = first
    const turns = ['one', 'two'].map(widget =>
      turnOf(first, {
        execution: { ...execution, streak: { widget, length: 1 } },
        steps: [{ ...stepOf(execution, 1), widget }]
      })
    )
    const all = await Promise.allSettled(
      turns.map((turn, at) => (at ? store : peer).executions.commit(first, turn))
    )
    const lost = only(all.filter(({ status }) => status === 'rejected'))
    t.ok(lost.status === 'rejected' && lost.reason instanceof FenceLost)
    const saved = await store.executions.fetch(execution.sid)
    const winner = all.findIndex(({ status }) => status === 'fulfilled')
    t.strictSame(saved, turns[winner]?.execution)
    t.strictSame(await store.executions.fetchSteps(execution.sid), turns[winner]?.steps)
  })

  t.test('a turn whose execution was claimed by another saves nothing at all', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const old = await held(store)
    const { execution } = old
    const now = start + leaseMs
    const next = await claimed(peer, execution.sid, now)
    const turn = turnOf(old, {
      execution: { ...execution, status: 'ended' },
      steps: [stepOf(execution, 1)],
      consumed: ['trigger', 'never seen'],
      dueAt: now,
      now
    })
    await t.rejects(store.executions.commit(old, turn), FenceLost)
    t.strictSame(await store.executions.fetch(execution.sid), execution)
    t.strictSame(await store.executions.fetchSteps(execution.sid), [])
    t.strictSame(await store.executions.claimDue(now + leaseMs - 1, 10), [])
    const late = await store.executions.deliver(execution.sid, message('never seen'), claim)
    t.strictSame(late, { outcome: 'queued' })
    const rest = await peer.executions.commit(next, turnOf(next, { consumed: [], now }))
    t.strictSame(idsOf(rest), ['trigger', 'never seen'])
    await t.rejects(store.executions.commit(old, turn), FenceLost)
    t.strictSame(await peer.executions.fetch(execution.sid), execution)
  })

  t.test('a lease that has lapsed loses nothing while nobody else has claimed', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const late = await held(store)
    const turn = turnOf(late, { now: start + 10 * leaseMs, steps: [stepOf(late.execution, 1)] })
    t.strictSame(await store.executions.commit(late, turn), [])
    t.equal((await store.executions.fetchSteps(late.execution.sid)).length, 1)
    t.strictSame(await store.executions.claimDue(far, 10), [])
  })

  t.test('events that came in during the turn are handed back, and the claim goes on', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const turn = await held(store)
    const { sid } = turn.execution
    for (const id of ['IM2', 'IM1']) await peer.executions.deliver(sid, message(id), claim)
    const now = start + 1000
    const rest = await store.executions.commit(turn, turnOf(turn, { now, dueAt: start }))
    t.strictSame(rest, [message('IM2'), message('IM1')])
    t.equal(await peer.executions.claim(sid, now + leaseMs - 1), null)
    t.strictSame(await peer.executions.claimDue(now + leaseMs - 1, 10), [])
    const last = await store.executions.commit(
      turn,
      turnOf(turn, { consumed: ['IM1', 'IM2'], now })
    )
    t.strictSame(last, [])
    t.equal((await claimed(peer, sid, now)).recovering, false)
  })

  t.test('a claim that goes on and then lapses is recovered with what is left', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const turn = await held(store)
    const { sid } = turn.execution
    await peer.executions.deliver(sid, message('IM1'), claim)
    await store.executions.commit(turn, turnOf(turn, { now: start + 5 }))
    const found = only(await peer.executions.claimDue(start + 5 + leaseMs, 10))
    t.equal(found.recovering, true)
    t.strictSame(idsOf(found.inbox), ['IM1'])
  })

  t.test('hold keeps the claim with a new lease though nothing waits', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const turn = await held(store)
    const { sid } = turn.execution
    const now = start + 1000
    const rest = await store.executions.commit(
      turn,
      turnOf(turn, { hold: true, dueAt: start, now })
    )
    t.strictSame(rest, [])
    t.equal(await peer.executions.claim(sid, now + leaseMs - 1), null)
    t.strictSame(await peer.executions.claimDue(now + leaseMs - 1, 10), [])
    t.strictSame(await store.executions.commit(turn, turnOf(turn, { now })), [])
    t.equal((await claimed(peer, sid, now)).recovering, false)
  })

  t.test('the checkpoint of a turn that dies is what the next one recovers from', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const turn = await held(store)
    const execution = { ...turn.execution, stepCount: 3 }
    await store.executions.commit(turn, turnOf(turn, { execution, consumed: [], hold: true }))
    const found = await claimed(peer, execution.sid, start + leaseMs)
    t.equal(found.recovering, true)
    t.equal(found.execution.stepCount, 3)
    t.strictSame(idsOf(found.inbox), ['trigger'])
  })

  t.test(
    'a consumed event is never delivered again, even one that was found elsewhere',
    async t => {
      const { store, peer } = await makeStore(t, { leaseMs })
      const turn = await held(store)
      const { sid } = turn.execution
      const consumed = ['trigger', 'trigger', 'IM7', 'timer 3']
      t.strictSame(await store.executions.commit(turn, turnOf(turn, { consumed })), [])
      for (const id of ['trigger', 'IM7', 'timer 3']) {
        const again = await peer.executions.deliver(sid, message(id), claim)
        t.strictSame(again, { outcome: 'duplicate' })
      }
      t.strictSame((await claimed(peer, sid, start)).inbox, [])
    }
  )

  t.test('an event may be consumed out of order, and again by a later turn', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const turn = await held(store)
    const { sid } = turn.execution
    for (const id of ['IM1', 'IM2', 'IM3']) await store.executions.deliver(sid, message(id), claim)
    const consume = (...consumed: string[]) =>
      store.executions.commit(turn, turnOf(turn, { consumed }))
    t.strictSame(idsOf(await consume('IM2')), ['trigger', 'IM1', 'IM3'])
    t.strictSame(idsOf(await consume('IM2', 'trigger')), ['IM1', 'IM3'])
    t.strictSame(idsOf(await consume('IM3', 'IM1', 'IM2')), [])
  })

  t.test(
    'events of any number, at once with a commit, are handed back or claim; none is lost',
    async t => {
      const { store, peer } = await makeStore(t, { leaseMs })
      const { sid } = await parked(store)
      const ids = times(200, at => `IM${at}`)
      const taken: string[] = []
      await Promise.all(
        ids.map(async (id, at) => {
          const worker = at % 2 ? store : peer
          const delivered = await worker.executions.deliver(sid, message(id), claim)
          if (delivered.outcome !== 'claimed') return
          let inbox = delivered.claim.inbox
          while (inbox.length > 0) {
            const consumed = idsOf(inbox)
            taken.push(...consumed)
            const turn = turnOf(delivered.claim, { consumed })
            inbox = await worker.executions.commit(delivered.claim, turn)
          }
        })
      )
      t.equal(taken.length, 200)
      t.strictSame(new Set(taken), new Set(ids))
      t.strictSame(await store.executions.claimDue(far, 10), [])
    }
  )

  t.test('what is saved is there after the store was closed and opened again', async t => {
    const { store, reopen } = await makeStore(t, { leaseMs })
    const turn = await held(store, { idempotencyKey: 'once', exclusive: true })
    const { sid } = turn.execution
    const execution = { ...turn.execution, stepCount: 1 }
    const steps = [stepOf(execution, 1)]
    await store.executions.commit(turn, turnOf(turn, { execution, steps, dueAt: far }))
    await store.executions.deliver(sid, message('IM1'), { now: start, claim: false })

    const again = await reopen()
    t.strictSame(await again.executions.fetch(sid), execution)
    t.strictSame(await again.executions.fetchSteps(sid), steps)
    const next = only(await again.executions.claimDue(start, 10))
    t.strictSame(next.inbox, [message('IM1')])
    t.equal(next.recovering, false)
    t.ok(next.fence > turn.fence)
    const duplicate = await again.executions.deliver(sid, message('trigger'), claim)
    t.strictSame(duplicate, { outcome: 'duplicate' })
    await t.rejects(again.executions.commit(turn, turnOf(turn)), FenceLost)
  })
}
