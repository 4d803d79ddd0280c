import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { openDatabase } from '../../src/adapters/embedded/database.ts'
import { openEmbeddedStore } from '../../src/adapters/embedded/store.ts'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import {
  claimed,
  ended,
  far,
  flowSid,
  held,
  idsOf,
  leaseMs,
  type MakeStore,
  message,
  only,
  parked,
  sidsOf,
  start,
  stepOf,
  times,
  turnOf
} from './contract/samples.ts'
import { folder, opened, promisedBy, startVictim } from './embedded-folder.ts'
import { storeContract } from './store-contract.ts'

const makeStore: MakeStore = async (t, { leaseMs }) => {
  const dir = folder(t)
  let store = await openEmbeddedStore({ dir, leaseMs })
  t.teardown(() => store.close())
  const reopen = async () => {
    await store.close()
    store = await openEmbeddedStore({ dir, leaseMs })
    return store
  }
  return { store, peer: store, reopen }
}

storeContract(t, 'the embedded store', makeStore)

t.test('the folder is made when it is missing, whatever its name looks like', async t => {
  const dir = join(folder(t), 'deep', 'data.v1')
  const store = await opened(t, dir)
  await parked(store)
  t.ok(readdirSync(dir).includes('store.mdb'))
})

t.test('due executions are claimed oldest first, lapsed leases among them', async t => {
  const store = await opened(t, folder(t))
  const late = await parked(store, { dueAt: start + leaseMs + 2 })
  const lapsed = await held(store, { now: start + 1 })
  const early = await parked(store, { dueAt: start })
  const now = start + leaseMs + 2
  const sids = []
  for (const _ of times(3, () => null))
    sids.push(only(await store.executions.claimDue(now, 1)).execution.sid)
  t.strictSame(sids, sidsOf([early, lapsed.execution, late]))
})

t.test('executions that were held when the process ended are recovered at once', async t => {
  const dir = folder(t)
  const before = await opened(t, dir)
  const first = await held(before)
  const waiting = await parked(before, { dueAt: start + leaseMs })
  const idle = await parked(before)
  const second = await held(before)
  await before.executions.renew(second, far)
  await before.close()

  const store = await opened(t, dir)
  const claims = await store.executions.claimDue(start, 10)
  const sids = [first, second].map(({ execution: { sid } }) => sid)
  t.strictSame(new Set(claims.map(({ execution: { sid } }) => sid)), new Set(sids))
  t.ok(claims.every(({ recovering }) => recovering))
  t.ok(claims.every(({ inbox }) => idsOf(inbox).join() === 'trigger'))
  t.equal((await claimed(store, waiting.sid, start)).recovering, false)
  t.equal((await claimed(store, idle.sid, start)).recovering, false)
})

t.test('an event recovers an execution that was held when the process ended', async t => {
  const dir = folder(t)
  const before = await opened(t, dir)
  const { sid } = (await held(before)).execution
  await before.close()
  const store = await opened(t, dir)
  const event = message('IM1')
  const delivered = await store.executions.deliver(sid, event, { now: start, claim: true })
  if (delivered.outcome !== 'claimed') return t.fail(delivered.outcome)
  t.equal(delivered.claim.recovering, true)
  t.strictSame(idsOf(delivered.claim.inbox), ['trigger', 'IM1'])
})

t.test('what was promised before the process was killed has been kept', async t => {
  const dir = folder(t)
  let promised = 0
  for (let round = 1; round <= 2; round++) {
    const sids = await promisedBy(startVictim(t, dir), 100)
    t.ok(sids.length >= 100)
    const store = await openEmbeddedStore({ dir })
    for (const sid of sids) {
      t.equal((await store.executions.fetch(sid))?.stepCount, 1)
      t.equal((await store.executions.fetchSteps(sid)).length, 1)
      const claim = await claimed(store, sid, start)
      t.equal(claim.recovering, true)
      t.strictSame(idsOf(claim.inbox), ['IM1'])
    }
    promised += sids.length
    t.ok((await store.executions.list({ flowSid, limit: 100_000 })).length >= promised)
    await store.close()
  }
})

t.test('a full disk refuses what it cannot keep, and keeps what was promised', async t => {
  const dir = folder(t)
  const child = startVictim(t, dir, { fileLimit: '2000' })
  const exit = once(child, 'exit')
  const [sids, errors] = await Promise.all([promisedBy(child), text(child.stderr)])
  t.match(errors, 'The embedded store could not write')
  // How the process ends is another matter: at its exit Node heeds the signal of the limit again.
  t.match(errors, 'and it went on to its end', 'it was not brought down')
  await exit
  t.ok(sids.length > 0)
  const store = await opened(t, dir)
  for (const sid of sids) t.equal((await store.executions.fetch(sid))?.stepCount, 1)
  t.strictSame(idsOf((await claimed(store, sids[0] ?? '', start)).inbox), ['IM1'])
})

t.test('a folder that another running process has is refused until that one is gone', async t => {
  const dir = folder(t)
  const child = startVictim(t, dir)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  await t.rejects(openEmbeddedStore({ dir }), { message: new RegExp(`${dir} is in use`) })
  t.ok((await lines.next()).value, 'the one that has it is not disturbed')
  child.kill('SIGKILL')
  await once(child, 'close')
  const store = await opened(t, dir)
  await t.rejects(openEmbeddedStore({ dir }), { message: /is in use by another process/ })
  await parked(store)
  await store.close()
  t.strictSame(readdirSync(dir).sort(), ['store.mdb', 'store.mdb-lock'])
})

t.test('a folder with a path too long for a socket is guarded as well', async t => {
  const dir = join(folder(t), 'x'.repeat(120))
  const store = await opened(t, dir)
  await t.rejects(openEmbeddedStore({ dir }), { message: /is in use/ })
  await store.close()
  await (await opened(t, dir)).ping()
})

t.test('of several that open one folder at once at most one gets in', async t => {
  const dir = folder(t)
  const all = await Promise.allSettled(times(5, () => openEmbeddedStore({ dir })))
  const inside = all.filter(result => result.status === 'fulfilled')
  t.ok(inside.length <= 1)
  for (const { value } of inside) await value.close()
  await (await opened(t, dir)).ping()
})

t.test('a removed execution leaves no trace in any table', async t => {
  const dir = folder(t)
  const store = await opened(t, dir)
  const stays = await parked(store, { dueAt: far })
  const sids = []
  for (const at of times(3, at => at)) {
    const claim = await held(store, { idempotencyKey: `key ${at}`, exclusive: true, to: `+${at}` })
    const { execution } = claim
    const attachment = { visit: 1, serviceSid: null, attached: true, close: true }
    const attachments = ['CH1', 'CH2'].map(conversationSid => ({ ...attachment, conversationSid }))
    const steps = times(20, at => stepOf(execution, at + 1))
    const changed = { ...execution, attachments }
    const consumed = ['never delivered', 'x'.repeat(5000)]
    await store.executions.commit(
      claim,
      turnOf(claim, { execution: at ? ended(changed) : changed, steps, consumed, hold: true })
    )
    await store.executions.deliver(execution.sid, message('IM1'), { now: start, claim: false })
    await store.executions.remove(claim)
    sids.push(execution.sid)
  }
  await store.close()

  const database = openDatabase(dir)
  const { records, ...indexes } = database.tables
  for (const table of Object.values(indexes)) {
    const entries = Array.from(table.getRange({}), ({ key, value }) => JSON.stringify([key, value]))
    t.ok(entries.every(entry => entry.includes(stays.sid)))
  }
  t.strictSame(new Set(Array.from(records.getKeys({}), ([sid]) => sid)), new Set([stays.sid]))
  await database.close()
})

t.test('closing waits for what is under way, may be repeated, and ends everything', async t => {
  const dir = folder(t)
  const store = await openEmbeddedStore({ dir })
  const writes = times(50, () => parked(store))
  const claims = await Promise.all(times(50, () => held(store)))
  const last = claims.map(claim => store.executions.commit(claim, turnOf(claim)))
  await Promise.all([store.close(), store.close()])
  await t.resolves(store.close())
  await Promise.all(last)
  await Promise.all(writes)
  const calls = [
    store.ping(),
    store.executions.fetch('FN'),
    store.executions.claimDue(far, 1),
    store.flows.listFlows()
  ]
  for (const call of await Promise.allSettled(calls))
    t.ok(call.status === 'rejected' && call.reason instanceof StoreUnavailable)
  const again = await opened(t, dir)
  t.equal((await again.executions.list({ flowSid, limit: 1000 })).length, 100)
  t.strictSame(await again.executions.claimDue(far, 10), [])
})
