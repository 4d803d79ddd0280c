import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import t, { type Test } from 'tap'
import { openDatabase } from '../../src/adapters/embedded/database.ts'
import { embeddedExecutions } from '../../src/adapters/embedded/executions.ts'
import { makeRounds } from '../../src/adapters/embedded/rounds.ts'
import { openEmbeddedStore } from '../../src/adapters/embedded/store.ts'
import type { Key } from '../../src/adapters/embedded/table.ts'
import type { Execution } from '../../src/engine/execution.ts'
import type { Claim, Store } from '../../src/runtime/ports.ts'
import {
  claimed,
  entryFor,
  far,
  flowSid,
  held,
  idsOf,
  leaseMs,
  message,
  only,
  parked,
  start,
  stepOf,
  times,
  turnOf
} from './contract/samples.ts'
import { folder, opened } from './embedded-folder.ts'

/** The folder as a process leaves it that is killed now. */
function leftBehind(t: Test, dir: string): string {
  const copy = folder(t)
  for (const file of readdirSync(dir).filter(file => /^(store\.mdb|journal-\d)$/.test(file)))
    copyFileSync(join(dir, file), join(copy, file))
  return copy
}

const journalOf = (dir: string): string =>
  only(readdirSync(dir).filter(file => file.startsWith('journal') && sizeOf(dir, file) > 0))
const sizeOf = (dir: string, file: string): number => statSync(join(dir, file)).size

async function turn(store: Store, claim: Claim, number: number, filling = ''): Promise<void> {
  const execution: Execution = {
    ...claim.execution,
    stepCount: number,
    context: { widgets: { filling } }
  }
  const steps = [stepOf(execution, number)]
  await store.executions.commit(claim, turnOf(claim, { execution, steps, dueAt: far }))
}

t.test('what was answered before a crash is there after it', async t => {
  const dir = folder(t)
  const store = await opened(t, dir)
  const first = await held(store, { idempotencyKey: 'once', exclusive: true })
  const { sid } = first.execution
  await turn(store, first, 1)
  await store.executions.deliver(sid, message('IM1'), { now: start, claim: false })

  const crashed = await opened(t, leftBehind(t, dir))
  t.equal((await crashed.executions.fetch(sid))?.stepCount, 1)
  t.equal((await crashed.executions.fetchSteps(sid)).length, 1)
  t.equal((await crashed.executions.list({ flowSid, limit: 10 })).length, 1)
  const claim = only(await crashed.executions.claimDue(start, 10))
  t.strictSame(idsOf(claim.inbox), ['IM1'])
  t.equal(claim.recovering, false)
  t.ok(claim.fence > first.fence)
  await turn(crashed, claim, 2)
  for (const id of ['trigger', 'IM1']) {
    const again = await crashed.executions.deliver(sid, message(id), { now: start, claim: true })
    t.strictSame(again, { outcome: 'duplicate' })
  }
})

t.test(
  'a claim of any kind is recovered after a crash, and one that was let go is not',
  async t => {
    const dir = folder(t)
    const store = await opened(t, dir)
    const dueSid = (await parked(store, { dueAt: start })).sid
    const due = only(await store.executions.claimDue(start, 10))
    const going = await held(store)
    await store.executions.commit(going, turnOf(going, { hold: true }))
    const delivered = await parked(store)
    await store.executions.deliver(delivered.sid, message('IM1'), { now: start, claim: true })
    const idle = await held(store)
    await turn(store, idle, 1)

    const crashed = await opened(t, leftBehind(t, dir))
    const claims = await crashed.executions.claimDue(start, 10)
    t.strictSame(
      new Set(claims.map(({ execution }) => execution.sid)),
      new Set([dueSid, going.execution.sid, delivered.sid])
    )
    t.ok(claims.every(({ recovering }) => recovering))
    t.ok(claims.every(({ fence }) => fence > Math.max(due.fence, idle.fence)))
    t.equal((await claimed(crashed, idle.execution.sid, start)).recovering, false)
  }
)

t.test('a round that a crash left half-written is gone, and all before it are there', async t => {
  const dir = folder(t)
  const store = await opened(t, dir)
  const claim = await held(store)
  const { sid } = claim.execution
  const whole = sizeOf(dir, journalOf(dir))
  await turn(store, claim, 1)
  const bytes = readFileSync(join(dir, journalOf(dir)))
  const changed = Buffer.from(bytes)
  changed.write('?', bytes.length - 1)
  const broken: [string, Buffer][] = [
    ['cut short', bytes.subarray(0, -1)],
    ['nothing but a header', bytes.subarray(0, whole + 12)],
    ['half a header', bytes.subarray(0, whole + 6)],
    ['a hole', Buffer.concat([bytes.subarray(0, whole + 50), Buffer.alloc(10_000)])],
    ['another byte', changed]
  ]
  for (const [name, contents] of broken) {
    const copy = leftBehind(t, dir)
    writeFileSync(join(copy, journalOf(copy)), contents)
    const crashed = await opened(t, copy)
    const again = only(await crashed.executions.claimDue(start, 10))
    t.strictSame(again.execution, claim.execution, name)
    t.strictSame(idsOf(again.inbox), ['trigger'])
    await turn(crashed, again, 1)
    const third = await opened(t, leftBehind(t, copy))
    t.equal((await third.executions.fetch(sid))?.stepCount, 1)
  }
})

t.test('the journal stays small, and a crash at any time loses nothing', async t => {
  const dir = folder(t)
  const store = await opened(t, dir)
  const sids = await Promise.all(times(4, async () => (await parked(store)).sid))
  for (const number of times(16, at => at + 1)) {
    for (const sid of sids)
      await turn(store, await claimed(store, sid, start), number, `${number}`.repeat(150_000))
    const crashed = await opened(t, leftBehind(t, dir))
    for (const sid of sids) {
      const execution = await crashed.executions.fetch(sid)
      t.equal(execution?.stepCount, number)
      t.strictSame(execution, await store.executions.fetch(sid))
      t.equal((await crashed.executions.fetchSteps(sid)).length, number)
      t.equal((await store.executions.fetchSteps(sid)).length, number)
    }
    await crashed.close()
  }
  const files = readdirSync(dir).filter(file => file.startsWith('journal'))
  t.ok(files.every(file => sizeOf(dir, file) < 8_000_000))
  await store.close()
  t.notOk(
    readdirSync(dir).some(file => file.startsWith('journal')),
    'all is in LMDB'
  )
  const again = await opened(t, dir)
  for (const sid of sids) t.equal((await again.executions.fetch(sid))?.stepCount, 16)
})

t.test('what is put off is due at its new time and not before, also after a crash', async t => {
  const dir = folder(t)
  const store = await opened(t, dir)
  const { sid } = await parked(store, { dueAt: start + 100 })
  const claim = await claimed(store, sid, start)
  await store.executions.commit(claim, turnOf(claim, { dueAt: start + 500 }))
  for (const one of [store, await opened(t, leftBehind(t, dir))]) {
    t.strictSame(await one.executions.claimDue(start + 100, 10), [])
    t.strictSame(await one.executions.claimDue(start + 499, 10), [])
    const due = only(await one.executions.claimDue(start + 500, 10))
    t.equal(due.execution.sid, sid)
    await one.executions.commit(due, turnOf(due, { dueAt: start + 700, now: start + 500 }))
    t.equal((await one.executions.claimDue(start + 700, 10)).length, 1)
  }
})

t.test('a claim that was taken over by time looks like any other after a crash', async t => {
  const dir = folder(t)
  const store = await opened(t, dir)
  const { sid } = (await held(store)).execution
  const second = await claimed(store, sid, start + leaseMs)
  await turn(store, second, 1)
  const crashed = await opened(t, leftBehind(t, dir))
  t.strictSame(await crashed.executions.claimDue(far - 1, 10), [])
  t.equal((await claimed(crashed, sid, start)).recovering, false)
})

t.test('the folder of another version is refused, and stays as it is', async t => {
  const dir = folder(t)
  const older = open({ path: join(dir, 'store.mdb'), noSubdir: true })
  const records = older.openDB<string, Key>({ name: 'records', encoding: 'string' })
  await records.put(['FN1', 'e'], '{}')
  await older.close()
  const refusal = { name: 'StoreRefused', message: /written by another version/ }
  await t.rejects(openEmbeddedStore({ dir }), refusal)
  await t.rejects(openEmbeddedStore({ dir }), refusal)
  t.notOk(readdirSync(dir).some(file => file.startsWith('journal')))
})

t.test('a journal without its LMDB file is forgotten', async t => {
  const dir = folder(t)
  await parked(await opened(t, dir))
  const copy = leftBehind(t, dir)
  rmSync(join(copy, 'store.mdb'))
  const store = await opened(t, copy)
  t.strictSame(await store.executions.list({ flowSid, limit: 10 }), [])
})

t.test('what could not be written has not happened, and may be tried again', async t => {
  const database = openDatabase(folder(t))
  t.teardown(() => database.close())
  let isFull = false
  const append = async () => {
    if (isFull) throw new Error('no space left')
  }
  const journal = { generation: 1, size: 0, append, turn() {}, close() {}, remove() {} }
  const settling = { makeRoom: async () => {}, finish: async () => {} }
  const rounds = makeRounds(database.changes, journal, settling)
  const executions = embeddedExecutions({ ...database, write: rounds.run }, leaseMs)
  const store = { executions } as Store
  const twice = async <T>(call: () => Promise<T>): Promise<T> => {
    isFull = true
    await t.rejects(call(), {
      name: 'StoreUnavailable',
      message: /could not write \(no space left/
    })
    isFull = false
    return await call()
  }

  const entry = entryFor(store, { exclusive: true, idempotencyKey: 'once' })
  const created = await twice(() => executions.create(entry))
  if (created.outcome !== 'created' || !created.claim) return t.fail(created.outcome)
  const { execution } = created.claim
  const { sid } = execution
  const turn = turnOf(created.claim, { steps: [stepOf(execution, 1)], dueAt: start })
  const { claim: first } = created
  t.strictSame(await twice(() => executions.commit(first, turn)), [])
  t.equal((await executions.fetchSteps(sid)).length, 1)

  const due = only(await twice(() => executions.claimDue(start, 10)))
  t.equal(due.recovering, false)
  t.strictSame(due.inbox, [])
  t.strictSame(await executions.commit(due, turnOf(due)), [])

  const event = message('IM1')
  const delivered = await twice(() => executions.deliver(sid, event, { now: start, claim: true }))
  if (delivered.outcome !== 'claimed') return t.fail(delivered.outcome)
  const { claim } = delivered
  t.equal(claim.recovering, false)
  t.strictSame(idsOf(claim.inbox), ['IM1'])
  t.ok(claim.fence > due.fence)
  await twice(() => executions.remove(claim))
  t.equal(await executions.fetch(sid), null)
  t.equal((await executions.create(entry)).outcome, 'created')
})
