// A turn that has lost its execution to another worker does nothing more in the world.
import t from 'tap'
import { FenceLost, StoreUnavailable } from '../../src/runtime/errors.ts'
import { makeLease } from '../../src/runtime/lease.ts'
import type { Claim } from '../../src/runtime/ports.ts'
import { alwaysSuspend, askAndThank, eventually, flowOf } from '../support/build-service.ts'
import { makeFakeClock } from './fake-clock.ts'
import { leaseMs, type Stage, setStage } from './stage.ts'

const twoMessages = flowOf(
  [
    'resume',
    'resume-conversation',
    { conversation_sid: '{{flow.data.conversation_sid}}' },
    { resumed: 'one', failed: null }
  ],
  ['one', 'send-message', { body: 'one' }, { sent: 'two', failed: null }],
  ['two', 'send-message', { body: 'two' }, { sent: null, failed: null }]
)

/** An execution whose turn waits, 25 seconds long, to send its first message. */
async function heldUp(stage: Stage) {
  const { world, openConversation, publish, trigger, clock } = stage
  const conversation = openConversation()
  world.faults.add([{ call: 'POST Messages', status: 429, retryAfter: 25 }])
  const { sid } = await trigger(await publish(twoMessages), { conversation_sid: conversation })
  await eventually(() => clock.sleepsFor)
  return { conversation, sid }
}

/** The store cannot be reached for renewals, until the returned function is called. */
function withoutRenewals({ runtime: { executions } }: Stage): () => void {
  const { renew } = executions
  const failing = () => Promise.reject(new StoreUnavailable('It is away'))
  Object.assign(executions, { renew: failing })
  return () => Object.assign(executions, { renew })
}

t.test('a turn that learns that its lease is lost begins no further effect', async t => {
  const stage = await setStage(t)
  const { clock, runtime, bodies, idle, path } = stage
  const { conversation, sid } = await heldUp(stage)
  const next = await runtime.executions.claim(sid, clock.now() + leaseMs)
  if (!next) return t.fail('nobody else could claim it')
  clock.pass(leaseMs / 2)
  await idle()
  t.same(bodies(conversation), ['one'], 'what was under way has been done')

  await runtime.worker.run(next)
  await idle()
  t.same(bodies(conversation), ['one', 'two'])
  t.same((await path(sid)).slice(2), ['one sent', 'two sent'])
})

t.test('a turn whose lease may have passed asks before its next effect', async t => {
  const stage = await setStage(t)
  const { clock, bodies, idle, recover, path } = stage

  await t.test('and goes on where the execution is still its own', async t => {
    const { conversation, sid } = await heldUp(stage)
    const restore = withoutRenewals(stage)
    clock.pass(24_000)
    restore()
    await idle()
    t.same(bodies(conversation), ['one', 'two'])
    t.same((await path(sid)).slice(2), ['one sent', 'two sent'])
  })

  // Where every effect is saved, that gives a new lease each time.
  await t.test('and breaks off where nobody can tell', { skip: alwaysSuspend }, async t => {
    const { conversation, sid } = await heldUp(stage)
    const restore = withoutRenewals(stage)
    await idle()
    t.same(bodies(conversation), ['one'])
    restore()
    await recover()
    t.same(bodies(conversation), ['one', 'two'])
    t.same((await path(sid)).slice(2), ['one sent', 'two sent'])
  })
})

t.test(
  'a turn that broke off because the store was away is done again once it is back',
  async t => {
    const stage = await setStage(t)
    const { clock, runtime, publish, openConversation, trigger, bodies, path } = stage
    const { executions } = runtime
    const { commit, renew } = executions
    let asked = 0
    const away = () => {
      asked += 1
      return Promise.reject(new StoreUnavailable('It is away'))
    }
    Object.assign(executions, { commit: away, renew: away })
    const conversation = openConversation()
    const begun = clock.now()
    const { sid } = await trigger(await publish(twoMessages), { conversation_sid: conversation })
    await eventually(() => asked > 0)
    Object.assign(executions, { commit, renew })
    clock.pass(1000)
    await eventually(async () => (await path(sid)).length === 4)
    t.ok(clock.now() - begun < leaseMs / 2, 'before its lease would have ended')
    t.same(bodies(conversation), ['one', 'two'])
  }
)

t.test('a teardown that has lost its lease undoes nothing more', async t => {
  const stage = await setStage(t)
  const { clock, runtime, world, openConversation, publish, start, calls } = stage
  const conversation = openConversation()
  const sid = await start(await publish(askAndThank(true)), conversation)
  world.faults.add([{ call: 'DELETE Webhooks', status: 429, retryAfter: 25 }])
  world.say(conversation, { body: 'Fine' })
  await eventually(() => clock.sleepsFor)
  const next = await runtime.executions.claim(sid, clock.now() + leaseMs)
  if (!next) return t.fail('nobody else could claim it')
  clock.pass(25_000)
  // The claim of the other one keeps the teardown due, so nothing comes to rest but the turns of this one.
  await runtime.worker.stop()
  t.match(world.conversation(conversation), { state: 'active', webhooks: [] })
  t.equal(calls().at(-1), 'DELETE Webhooks')

  await runtime.worker.run(next)
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
})

t.test('a lease that is fresh costs no call', async t => {
  const stage = await setStage(t)
  const { runtime, openConversation, publish, start, say, bodies } = stage
  Object.assign(runtime.executions, { renew: () => t.fail('the store was asked') })
  const conversation = openConversation()
  await start(await publish(askAndThank()), conversation)
  await say(conversation, 'Fine')
  t.same(bodies(conversation).length, 3)
})

t.test('what a process knows of its lease', async t => {
  const claim = { execution: { sid: 'FN1' } } as Claim
  const faults: unknown[] = []

  /** A lease, and how often the store was asked; `answer` is what it says. */
  function begin(answer: () => Promise<boolean>) {
    const clock = makeFakeClock()
    let asked = 0
    const renew = () => {
      asked += 1
      return answer()
    }
    const options = {
      executions: { renew },
      clock,
      leaseMs,
      failed: (f: unknown) => faults.push(f)
    }
    return { clock, lease: makeLease(options, claim), asked: () => asked }
  }
  const kept = () => Promise.resolve(true)
  const settled = () => new Promise(resolve => setImmediate(resolve))

  await t.test('it is renewed after a third of its time, once at a time', async t => {
    const { clock, lease, asked } = begin(kept)
    clock.pass(leaseMs / 3 - 1)
    lease.keep()
    t.equal(asked(), 0)
    clock.pass(1)
    for (const _ of [1, 2, 3]) lease.keep()
    await settled()
    lease.keep()
    t.equal(asked(), 1)
    clock.pass(leaseMs / 3)
    lease.keep()
    t.equal(asked(), 2)
  })

  await t.test('a commit renews it, too', async t => {
    const { clock, lease, asked } = begin(kept)
    clock.pass(leaseMs)
    lease.renewed(clock.now())
    lease.keep()
    await lease.ours()
    t.equal(asked(), 0)
  })

  await t.test('a time of day that is set back does not make it longer', async t => {
    const { clock, lease, asked } = begin(() => Promise.resolve(false))
    clock.setBack(3_600_000)
    await lease.ours()
    clock.pass((leaseMs * 2) / 3)
    await t.rejects(lease.ours(), FenceLost)
    await t.rejects(lease.ours(), FenceLost)
    lease.keep()
    t.equal(asked(), 1, 'what is lost stays lost')
  })

  await t.test('a renewal that fails is told, and tried again', async t => {
    const { clock, lease, asked } = begin(() => Promise.reject(new StoreUnavailable('away')))
    clock.pass(leaseMs / 2)
    for (const _ of [1, 2]) {
      lease.keep()
      await settled()
    }
    await lease.ours()
    t.equal(asked(), 2)
    t.equal(faults.length, 2)
    clock.pass(leaseMs / 2)
    await t.rejects(lease.ours(), StoreUnavailable)
  })
})
