import type { Test } from 'tap'
import type { Execution } from '../../../src/engine/execution.ts'
import type { ExecutionQuery, Store } from '../../../src/runtime/ports.ts'
import {
  claimed,
  ended,
  flowSid,
  held,
  leaseMs,
  type MakeStore,
  otherFlowSid,
  parked,
  sidsOf,
  start,
  times,
  turnOf
} from './samples.ts'

const newestFirst = (all: readonly Execution[]): Execution[] =>
  all.toSorted((a, b) => b.createdAt - a.createdAt || (a.sid < b.sid ? 1 : -1))

export async function listing(t: Test, makeStore: MakeStore): Promise<void> {
  t.test('executions of one flow are listed newest first, those of one moment by SID', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const made = await Promise.all(
      times(30, at => parked(store, { createdAt: start + Math.floor(at / 5) }))
    )
    await parked(store, { flowSid: otherFlowSid })
    const all = newestFirst(made)
    t.strictSame(await peer.executions.list({ flowSid, limit: 100 }), all)
    t.strictSame(await peer.executions.list({ flowSid, limit: 7 }), all.slice(0, 7))
    t.strictSame(await peer.executions.list({ flowSid, limit: 0 }), [])
    t.strictSame(await peer.executions.list({ flowSid: 'nobody', limit: 100 }), [])
  })

  t.test('pages to both sides meet, whatever is created and removed meanwhile', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const made = await Promise.all(
      times(25, at => parked(store, { createdAt: start + Math.floor(at / 4) }))
    )
    const all = newestFirst(made)
    const down: Execution[] = []
    for (
      let page = await next(store, {});
      page.length > 0;
      page = await next(store, { older: page.at(-1) })
    ) {
      down.push(...page)
      await parked(store, { createdAt: start + 1000 + down.length })
      if (down.length === 12) await removed(store, page.at(-1))
    }
    t.strictSame(sidsOf(down), sidsOf(all), 'newer ones do not shift the pages')

    const up: Execution[] = []
    const last = all.at(-1)
    for (
      let page = await next(store, { newer: last });
      page.length > 0;
      page = await next(store, { newer: page[0] })
    )
      up.unshift(...page)
    const rest = all.filter(({ sid }) => sid !== last?.sid && sid !== all[11]?.sid)
    t.strictSame(sidsOf(up).slice(-rest.length), sidsOf(rest))
    t.equal(up.length, rest.length + (await fresh(store)).length)
  })

  t.test('a place between or beyond all executions is as good as one of them', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const made = await Promise.all(times(4, at => parked(store, { createdAt: start + at * 10 })))
    const [a, b, c, d] = sidsOf(made)
    const list = async (query: Partial<ExecutionQuery>) =>
      sidsOf(await store.executions.list({ flowSid, limit: 2, ...query }))
    const between = { createdAt: start + 15, sid: 'FN' }
    t.strictSame(await list({ older: between }), [b, a])
    t.strictSame(await list({ newer: between }), [d, c])
    t.strictSame(await list({ newer: { createdAt: 0, sid: '' } }), [b, a])
    t.strictSame(await list({ older: { createdAt: start * 2, sid: '' } }), [d, c])
    t.strictSame(await list({ older: { createdAt: 0, sid: '' } }), [])
    t.strictSame(await list({ newer: { createdAt: start * 2, sid: '' } }), [])
  })

  t.test('a list can be narrowed to a time, its end excluded', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const made = await Promise.all(times(6, at => parked(store, { createdAt: start + at })))
    const [a, b, c, d, e, f] = sidsOf(made)
    const list = async (query: Partial<ExecutionQuery>) =>
      sidsOf(await store.executions.list({ flowSid, limit: 10, ...query }))
    t.strictSame(await list({ createdFrom: start + 4 }), [f, e])
    t.strictSame(await list({ createdBefore: start + 2 }), [b, a])
    t.strictSame(await list({ createdFrom: start + 1, createdBefore: start + 4 }), [d, c, b])
    t.strictSame(await list({ createdFrom: start + 2, createdBefore: start + 2 }), [])
    const place = { createdAt: start + 2, sid: c ?? '' }
    t.strictSame(await list({ createdFrom: start + 1, older: place }), [b])
    t.strictSame(await list({ createdBefore: start + 5, newer: place }), [e, d])
  })

  t.test('a list can be narrowed to a status, a contact and a Conversation', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    const [one, two, three] = [
      await parked(store, { createdAt: start, to: '+1' }),
      await parked(store, { createdAt: start + 1, to: '+2' }),
      await parked(store, { createdAt: start + 2, to: '+1' })
    ]
    await changed(store, one, ended)
    await changed(store, two, attachedTo('CH1'))
    await changed(store, three, attachedTo('CH1', 'CH2'))
    const list = async (query: Partial<ExecutionQuery>) =>
      sidsOf(await peer.executions.list({ flowSid, limit: 10, ...query }))
    t.strictSame(await list({ status: 'active' }), [three.sid, two.sid])
    t.strictSame(await list({ status: 'ended' }), [one.sid])
    t.strictSame(await list({ to: '+1' }), [three.sid, one.sid])
    t.strictSame(await list({ to: '+1', status: 'ended' }), [one.sid])
    t.strictSame(await list({ conversationSid: 'CH1' }), [three.sid, two.sid])
    t.strictSame(await list({ conversationSid: 'CH2' }), [three.sid])
    t.strictSame(await list({ conversationSid: 'CH1', to: '+2', status: 'active' }), [two.sid])
    t.strictSame(await list({ conversationSid: 'CH1', status: 'ended' }), [])
    t.strictSame(await list({ conversationSid: 'CH3' }), [])
    t.strictSame(await list({ to: 'x'.repeat(5000) }), [])

    await changed(store, three, execution => ended(attachedTo('CH1', 'CH2')(execution)))
    t.strictSame(await list({ conversationSid: 'CH1', status: 'ended' }), [three.sid])
    await removed(store, three)
    t.strictSame(await list({ conversationSid: 'CH2' }), [])
    t.strictSame(await list({ status: 'ended' }), [one.sid])
    t.strictSame(await list({ to: '+1' }), [one.sid])
  })

  t.test('a deleted execution is listed no more, while there is something to undo', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const claim = await held(store)
    const { execution } = claim
    t.equal((await store.executions.list({ flowSid, limit: 10 })).length, 1)
    const deleted: Execution = {
      ...execution,
      status: 'ended',
      end: { reason: 'deleted', at: start }
    }
    await store.executions.commit(claim, turnOf(claim, { execution: deleted }))
    t.strictSame(await store.executions.list({ flowSid, limit: 10 }), [])
    t.strictSame(await store.executions.list({ flowSid, status: 'ended', limit: 10 }), [])
  })

  t.test('a full page is found though others lie between', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const made = await Promise.all(
      times(40, at => parked(store, { createdAt: start + at, to: '+1' }))
    )
    const some = made.filter((_, at) => at % 10 === 0)
    for (const execution of some) await changed(store, execution, ended)
    const query = { flowSid, to: '+1', status: 'ended', limit: 4 } as const
    t.strictSame(sidsOf(await store.executions.list(query)), sidsOf(some).reverse())
  })
}

/** A page of four. */
function next(
  store: Store,
  {
    older,
    newer
  }: { readonly older?: Execution | undefined; readonly newer?: Execution | undefined }
): Promise<readonly Execution[]> {
  return store.executions.list({
    flowSid,
    limit: 4,
    ...(older && { older }),
    ...(newer && { newer })
  })
}

const fresh = (store: Store): Promise<readonly Execution[]> =>
  store.executions.list({ flowSid, createdFrom: start + 1000, limit: 100 })

async function changed(
  store: Store,
  { sid }: Execution,
  change: (execution: Execution) => Execution
): Promise<void> {
  const claim = await claimed(store, sid, start)
  await store.executions.commit(claim, turnOf(claim, { execution: change(claim.execution) }))
}

async function removed(store: Store, execution: Execution | undefined): Promise<void> {
  if (execution) await store.executions.remove(await claimed(store, execution.sid, start))
}

const attachedTo =
  (...conversations: string[]) =>
  (execution: Execution): Execution => ({
    ...execution,
    attachments: conversations.map(conversationSid => ({
      visit: 1,
      conversationSid,
      serviceSid: null,
      attached: true,
      close: false
    }))
  })
