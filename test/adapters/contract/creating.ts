import type { Test } from 'tap'
import {
  claimed,
  ended,
  entryFor,
  far,
  flowSid,
  held,
  leaseMs,
  type MakeStore,
  only,
  otherFlowSid,
  parked,
  start,
  times,
  trigger,
  turnOf
} from './samples.ts'

export async function creating(t: Test, makeStore: MakeStore): Promise<void> {
  t.test('a new SID is one of an execution, and never comes twice', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const sids = times(1000, () => store.executions.newSid(flowSid, `FC${'1'.repeat(32)}`))
    t.equal(new Set(sids).size, 1000)
    t.ok(sids.every(sid => /^FN[0-9a-f]{32}$/.test(sid)))
    t.equal(new Set(sids.map(sid => sid.slice(0, 6))).size, 1, 'one contact has one shard')
  })

  t.test('a created execution is claimed with its trigger in the inbox', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const entry = entryFor(store)
    const created = await store.executions.create(entry)
    if (created.outcome !== 'created' || !created.claim) return t.fail('it was not created')
    t.strictSame(created.claim.execution, entry.execution)
    t.strictSame(created.claim.inbox, [trigger])
    t.equal(created.claim.recovering, false)
    t.equal(await peer.executions.claim(entry.execution.sid, start + leaseMs - 1), null)
    t.strictSame(await peer.executions.fetch(entry.execution.sid), entry.execution)
  })

  t.test('one that is created without a claim is due at once', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const entry = entryFor(store, { claim: false })
    t.strictSame(await store.executions.create(entry), { outcome: 'created', claim: null })
    t.strictSame(await peer.executions.claimDue(start - 1, 10), [])
    const claim = only(await peer.executions.claimDue(start, 10))
    t.strictSame(claim.execution, entry.execution)
    t.strictSame(claim.inbox, [trigger])
    t.equal(claim.recovering, false)
  })

  t.test('of 50 exclusive creates for one contact at once exactly one wins', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const all = await Promise.all(
      times(50, at =>
        (at % 2 ? store : peer).executions.create(entryFor(store, { exclusive: true }))
      )
    )
    const winner = only(all.filter(({ outcome }) => outcome === 'created'))
    if (winner.outcome !== 'created' || !winner.claim) return t.fail('the winner has no claim')
    const { sid } = winner.claim.execution
    const others = all.filter(created => created !== winner)
    t.strictSame(new Set(others), new Set(others.map(() => ({ outcome: 'conflict', sid }))))
    t.ok(others.every(other => other.outcome === 'conflict' && other.sid === sid))
    t.equal((await store.executions.list({ flowSid, limit: 100 })).length, 1)
  })

  t.test('another flow, another contact and another address of ours do not conflict', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const all = [{}, { flowSid: otherFlowSid }, { to: '+15550000002' }, { from: '+15559999998' }]
    for (const given of all) await held(store, { ...given, exclusive: true })
    t.equal((await store.executions.list({ flowSid, limit: 10 })).length, 3)
  })

  t.test('addresses that would run together do not conflict', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const long = 'ä'.repeat(150)
    const all = [
      { to: 'ab', from: 'c' },
      { to: 'a', from: 'bc' },
      { to: 'a\0b', from: 'c' },
      { to: 'a', from: 'b\0c' },
      { to: 'a:b', from: 'c' },
      { to: 'a', from: 'b:c' },
      { to: long, from: long },
      { to: `${long}x`, from: long }
    ]
    for (const given of all) await held(store, { ...given, exclusive: true })
    for (const given of all) {
      const { outcome } = await store.executions.create(
        entryFor(store, { ...given, exclusive: true })
      )
      t.equal(outcome, 'conflict')
    }
  })

  t.test('parallel executions of one contact are all created', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const all = await Promise.all(
      times(20, at => (at % 2 ? store : peer).executions.create(entryFor(store)))
    )
    t.ok(all.every(({ outcome }) => outcome === 'created'))
  })

  t.test('a contact is free again when its last active execution has ended', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const [first, second] = [await held(store), await held(store)]
    const again = () => store.executions.create(entryFor(store, { exclusive: true }))
    await store.executions.commit(second, turnOf(second, { execution: ended(second.execution) }))
    t.strictSame(await again(), { outcome: 'conflict', sid: first.execution.sid })
    await store.executions.commit(first, turnOf(first, { execution: ended(first.execution) }))
    t.equal((await again()).outcome, 'created')
  })

  t.test(
    'one that has ended before does not free the contact of another by a later turn',
    async t => {
      const { store } = await makeStore(t, { leaseMs })
      const old = await parked(store, { exclusive: true })
      const last = await claimed(store, old.sid, start)
      await store.executions.commit(last, turnOf(last, { execution: ended(old) }))
      const next = await parked(store, { exclusive: true })
      const teardown = await claimed(store, old.sid, start)
      await store.executions.commit(teardown, turnOf(teardown, { dueAt: far }))
      const expiry = await claimed(store, old.sid, start)
      await store.executions.remove(expiry)
      const again = await store.executions.create(entryFor(store, { exclusive: true }))
      t.strictSame(again, { outcome: 'conflict', sid: next.sid })
    }
  )

  t.test('the same idempotency key is the same execution, whatever has become of it', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const given = { idempotencyKey: 'order 7', exclusive: true }
    const claim = await held(store, given)
    const { sid } = claim.execution
    t.strictSame(await peer.executions.create(entryFor(store, given)), { outcome: 'repeated', sid })
    await store.executions.commit(claim, turnOf(claim, { execution: ended(claim.execution) }))
    t.strictSame(await peer.executions.create(entryFor(store, given)), { outcome: 'repeated', sid })
    t.equal((await store.executions.list({ flowSid, limit: 10 })).length, 1)
  })

  t.test(
    'of 20 creates with one idempotency key at once one creates, the others repeat',
    async t => {
      const { store, peer } = await makeStore(t, { leaseMs })
      const all = await Promise.all(
        times(20, at =>
          (at % 2 ? store : peer).executions.create(entryFor(store, { idempotencyKey: 'once' }))
        )
      )
      const { sid } = only(await store.executions.list({ flowSid, limit: 100 }))
      t.equal(all.filter(({ outcome }) => outcome === 'created').length, 1)
      t.equal(all.filter(made => made.outcome === 'repeated' && made.sid === sid).length, 19)
    }
  )

  t.test(
    'an idempotency key may be anything, and counts for its flow and contact only',
    async t => {
      const { store } = await makeStore(t, { leaseMs })
      const keys = [
        'k',
        'K',
        '',
        ' ',
        'a\0b',
        'x'.repeat(5000),
        `${'x'.repeat(5000)}y`,
        '💥',
        '../:{}'
      ]
      const places = [{}, { flowSid: otherFlowSid }, { to: '+15550000002' }, { from: '+1' }]
      for (const idempotencyKey of keys) {
        for (const place of places) await held(store, { ...place, idempotencyKey })
        for (const place of places) {
          const again = await store.executions.create(entryFor(store, { ...place, idempotencyKey }))
          t.equal(again.outcome, 'repeated')
        }
      }
    }
  )
}
