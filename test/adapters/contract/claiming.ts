import type { Test } from 'tap'
import {
  claimed,
  ended,
  far,
  held,
  leaseMs,
  type MakeStore,
  message,
  only,
  parked,
  sidsOf,
  start,
  times,
  turnOf
} from './samples.ts'

export async function claiming(t: Test, makeStore: MakeStore): Promise<void> {
  t.test('a due execution goes to exactly one of many callers', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const made = await Promise.all(times(60, at => parked(store, { dueAt: start + at })))
    const claims = await Promise.all(
      times(10, at => (at % 2 ? store : peer).executions.claimDue(start + 60, 20))
    )
    const sids = sidsOf(claims.flat().map(({ execution }) => execution))
    t.equal(sids.length, 60)
    t.strictSame(new Set(sids), new Set(sidsOf(made)))
    t.ok(claims.flat().every(({ recovering }) => !recovering))
  })

  t.test('no more are claimed than asked for, and the others stay due', async t => {
    const { store } = await makeStore(t, { leaseMs })
    await Promise.all(times(7, () => parked(store, { dueAt: start })))
    const counts = []
    for (const limit of [0, 3, 3, 3, 3])
      counts.push((await store.executions.claimDue(start, limit)).length)
    t.strictSame(counts, [0, 3, 3, 1, 0])
  })

  t.test('nothing is claimed before its time, and what is never due never', async t => {
    const { store } = await makeStore(t, { leaseMs })
    await parked(store)
    const { sid } = await parked(store, { dueAt: far })
    t.strictSame(await store.executions.claimDue(far - 1, 10), [])
    t.equal(only(await store.executions.claimDue(far, 10)).execution.sid, sid)
  })

  t.test('an execution can be claimed by its SID, due or not, ended or not', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store, { dueAt: far })
    const first = await claimed(store, sid, start)
    t.equal(first.recovering, false)
    t.equal(await peer.executions.claim(sid, start + leaseMs - 1), null)
    await store.executions.commit(first, turnOf(first, { execution: ended(first.execution) }))
    const second = await claimed(peer, sid, start)
    t.equal(second.execution.status, 'ended')
    t.equal(second.recovering, false)
    t.ok(second.fence > first.fence)
  })

  t.test('an execution can be claimed by its SID only where it is due', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store, { dueAt: start + 60 })
    const onlyDue = { onlyDue: true }
    t.equal(await peer.executions.claim(sid, start + 59, onlyDue), null)
    const first = await peer.executions.claim(sid, start + 60, onlyDue)
    t.equal(first?.execution.sid, sid)
    t.equal(await store.executions.claim(sid, start + 60, onlyDue), null, 'it is held')
    if (first) await peer.executions.commit(first, turnOf(first, { dueAt: null }))
    t.equal(await store.executions.claim(sid, far, onlyDue), null, 'it is never due')
    t.equal(await store.executions.claim('nothing', far, onlyDue), null)
  })

  t.test('of 20 who claim one execution by its SID exactly one has it', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const { sid } = await parked(store)
    const all = await Promise.all(
      times(20, at => (at % 2 ? store : peer).executions.claim(sid, start))
    )
    t.equal(all.filter(claim => claim !== null).length, 1)
  })

  t.test('a lapsed lease lets another claim the execution, who is told to recover', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const lost = await held(store)
    const { sid } = lost.execution
    t.strictSame(await peer.executions.claimDue(start + leaseMs - 1, 10), [])
    const found = only(await peer.executions.claimDue(start + leaseMs, 10))
    t.equal(found.execution.sid, sid)
    t.equal(found.recovering, true)
    t.ok(found.fence > lost.fence)
    t.strictSame(found.inbox, lost.inbox)
    t.equal(await store.executions.claim(sid, start + leaseMs), null)
  })

  t.test('recovering ends with the commit of the one who recovered', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const { sid } = (await held(store)).execution
    const second = await claimed(store, sid, start + leaseMs)
    t.equal(second.recovering, true)
    const third = await claimed(store, sid, start + 2 * leaseMs)
    t.equal(third.recovering, true, 'and not before')
    await store.executions.commit(third, turnOf(third, { now: start + 2 * leaseMs }))
    t.equal((await claimed(store, sid, start + 2 * leaseMs)).recovering, false)
  })

  t.test('a renewed claim stays, a lost one is not renewed', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const first = await held(store)
    const { sid } = first.execution
    t.equal(await store.executions.renew(first, start + leaseMs - 1), true)
    t.strictSame(await peer.executions.claimDue(start + 2 * leaseMs - 2, 10), [])
    t.equal(await peer.executions.claim(sid, start + 2 * leaseMs - 2), null)
    t.equal((await claimed(peer, sid, start + 2 * leaseMs - 1)).recovering, true)
    t.equal(await store.executions.renew(first, start + 2 * leaseMs), false)
    t.strictSame(await peer.executions.claimDue(start + 3 * leaseMs - 2, 10), [])
    t.equal((await peer.executions.claimDue(start + 3 * leaseMs - 1, 10)).length, 1)
  })

  t.test('a lapsed lease can be renewed as long as nobody else has claimed', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const claim = await held(store)
    t.equal(await store.executions.renew(claim, start + 2 * leaseMs), true)
    t.equal(await peer.executions.claim(claim.execution.sid, start + 3 * leaseMs - 1), null)
  })

  t.test('a claim that was let go or removed is not renewed', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const [one, two] = [await held(store), await held(store)]
    await store.executions.commit(one, turnOf(one))
    await store.executions.remove(two)
    t.equal(await store.executions.renew(one, start), false)
    t.equal(await store.executions.renew(two, start), false)
    t.strictSame(await store.executions.claimDue(far, 10), [])
  })

  t.test(
    'an execution comes due once for the latest of its due times, however they moved',
    async t => {
      const { store } = await makeStore(t, { leaseMs })
      const { sid } = await parked(store, { dueAt: start + 100 })
      await store.executions.deliver(sid, message('IM1'), { now: start + 10, claim: false })
      const early = only(await store.executions.claimDue(start + 10, 10))
      await store.executions.commit(early, turnOf(early, { dueAt: far }))
      t.strictSame(await store.executions.claimDue(far - 1, 10), [])
      const late = only(await store.executions.claimDue(far, 10))
      await store.executions.commit(late, turnOf(late, { dueAt: null, now: far }))
      t.strictSame(await store.executions.claimDue(far * 2, 10), [])
    }
  )
}
