import type { Test } from 'tap'
import { FenceLost } from '../../../src/runtime/errors.ts'
import {
  claimed,
  entryFor,
  far,
  flowSid,
  held,
  leaseMs,
  type MakeStore,
  message,
  parked,
  start,
  stepOf,
  turnOf
} from './samples.ts'

export async function forgetting(t: Test, makeStore: MakeStore): Promise<void> {
  t.test(
    'a removed execution is gone with its steps, its places in lists and its due time',
    async t => {
      const { store, peer } = await makeStore(t, { leaseMs })
      const claim = await held(store, { exclusive: true, idempotencyKey: 'once' })
      const { execution } = claim
      const { sid, to } = execution
      const turn = turnOf(claim, { steps: [stepOf(execution, 1)], hold: true })
      await store.executions.commit(claim, turn)
      await store.executions.deliver(sid, message('IM1'), { now: start, claim: true })
      await store.executions.remove(claim)

      t.equal(await peer.executions.fetch(sid), null)
      t.strictSame(await peer.executions.fetchSteps(sid), [])
      t.strictSame(await peer.executions.list({ flowSid, limit: 10 }), [])
      t.strictSame(await peer.executions.list({ flowSid, status: 'active', limit: 10 }), [])
      t.strictSame(await peer.executions.list({ flowSid, to, limit: 10 }), [])
      t.strictSame(await peer.executions.claimDue(far, 10), [])
      t.equal(await peer.executions.claim(sid, far), null)
      const late = await peer.executions.deliver(sid, message('IM2'), { now: start, claim: true })
      t.strictSame(late, { outcome: 'unknown' })
      const again = entryFor(store, { exclusive: true, idempotencyKey: 'once' })
      t.equal((await peer.executions.create(again)).outcome, 'created')
    }
  )

  t.test('what was removed cannot be committed, renewed or removed again', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const claim = await held(store)
    await store.executions.remove(claim)
    await t.rejects(peer.executions.commit(claim, turnOf(claim)), FenceLost)
    await t.rejects(peer.executions.remove(claim), FenceLost)
    t.equal(await peer.executions.renew(claim, start), false)
    t.equal(await peer.executions.fetch(claim.execution.sid), null)
  })

  t.test('an old claim removes nothing', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const old = await held(store)
    const { sid } = old.execution
    await claimed(peer, sid, start + leaseMs)
    await t.rejects(store.executions.remove(old), FenceLost)
    t.strictSame(await store.executions.fetch(sid), old.execution)

    const other = await parked(store)
    const done = await claimed(store, other.sid, start)
    await store.executions.commit(done, turnOf(done))
    await t.rejects(store.executions.remove(done), FenceLost)
    t.strictSame(await store.executions.fetch(other.sid), other)
  })

  t.test('to remove one execution leaves its neighbours alone', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const [one, two] = [await held(store), await held(store)]
    await store.executions.remove(one)
    t.strictSame(await store.executions.fetch(two.execution.sid), two.execution)
    t.strictSame(await store.executions.list({ flowSid, limit: 10 }), [two.execution])
    const again = await store.executions.create(entryFor(store, { exclusive: true }))
    t.strictSame(again, { outcome: 'conflict', sid: two.execution.sid })
    t.strictSame(await store.executions.commit(two, turnOf(two)), [])
  })
}
