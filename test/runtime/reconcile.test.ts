import t from 'tap'
import type { Execution } from '../../src/engine/execution.ts'
import { inspect, planFor } from '../../src/runtime/inspect.ts'
import { reconcileExecution } from '../../src/runtime/reconcile.ts'
import { askAndThank } from '../support/build-service.ts'
import { leaseMs, type Stage, setStage } from './stage.ts'

const hook = (webhookSid: string, current = true) => ({ webhookSid, current, executionSid: 'FN1' })

t.test('exactly one webhook stays, the one that the execution knows if it is there', async t => {
  const known = { webhookSid: 'WH2' }
  t.match(planFor([hook('WH2')], known), { found: null, add: false, remove: [] })
  t.match(planFor([hook('WH9')], known), { found: null, add: false, remove: [] })
  t.match(planFor([], known), { found: 'missing', add: true, remove: [] })
  t.match(planFor([hook('WH1'), hook('WH2')], known), { found: 'doubled', remove: ['WH1'] })
  t.match(planFor([hook('WH3'), hook('WH4')], known), { found: 'doubled', remove: ['WH4'] })
  t.match(planFor([hook('WH2', false)], known), { found: 'moved', add: true, remove: ['WH2'] })
  t.match(planFor([hook('WH2', false), hook('WH3')], known), {
    found: 'doubled',
    add: false,
    remove: ['WH2']
  })
  t.match(planFor([hook('WH2'), hook('WH3', false)], null), {
    found: 'leaked',
    add: false,
    remove: ['WH2', 'WH3']
  })
  t.match(planFor([], null), { found: null })
})

t.test('what is in order costs one look and nothing else', async t => {
  const stage = await setStage(t)
  const { sid, reconcile } = await parked(stage)
  const before = await stage.find(sid)
  const known = stage.world.log.last
  t.same(await reconcile(), [])
  t.same(stage.calls(known), ['GET Webhooks'])
  t.same(await stage.find(sid), before)
})

t.test(
  'a webhook that is missing is registered again, and no reply is lost in between',
  async t => {
    const stage = await setStage(t)
    const { world, bodies, find } = stage
    const { conversation, sid, reconcile } = await parked(stage)
    await removeHooks(stage, conversation)
    world.say(conversation, { body: 'Fine' })
    await stage.idle()
    t.equal((await find(sid)).status, 'active', 'nobody was called')

    const known = world.log.last
    t.match(await reconcile(), [
      { executionSid: sid, conversationSid: conversation, found: 'missing', done: 'registered' }
    ])
    t.same(stage.calls(known).slice(0, 4), [
      'GET Webhooks',
      'GET Webhooks',
      'POST Webhooks',
      'GET Messages'
    ])
    await stage.idle()
    t.match(await find(sid), { status: 'ended', teardown: null })
    t.same(bodies(conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  }
)

t.test('what is said after it was registered comes by webhook', async t => {
  const stage = await setStage(t)
  const { conversation, sid, reconcile } = await parked(stage)
  await removeHooks(stage, conversation)
  await reconcile()
  t.match((await stage.find(sid)).pause, { type: 'reply', afterIndex: 0 })
  await stage.say(conversation, 'Fine')
  t.equal((await stage.find(sid)).status, 'ended')
})

t.test('a webhook whose registration got no answer is not registered twice', async t => {
  const stage = await setStage(t)
  const { conversation, reconcile } = await parked(stage)
  await removeHooks(stage, conversation)
  stage.world.faults.add([{ call: 'POST Webhooks', after: true, drop: true }])
  t.match(await reconcile(), [{ found: 'missing', done: 'registered' }])
  t.equal(stage.world.conversation(conversation).webhooks.length, 1)
})

t.test('of two webhooks the one that the execution knows is kept', async t => {
  const stage = await setStage(t)
  const { conversation, sid, reconcile } = await parked(stage)
  const [own] = stage.world.conversation(conversation).webhooks
  await addHook(stage, conversation, `${stage.url}/webhooks/executions/${sid}`)
  t.match(await reconcile(), [{ found: 'doubled', done: 'removed' }])
  t.same(stage.world.conversation(conversation).webhooks, [own])
})

t.test(
  'a webhook under an old PUBLIC_URL is replaced, even where there is no room for two',
  async t => {
    const stage = await setStage(t)
    const { world } = stage
    for (const others of [0, 4]) {
      const { conversation, sid, reconcile } = await parked(stage)
      await removeHooks(stage, conversation)
      for (let at = 0; at < others; at++)
        await addHook(stage, conversation, `https://crm.example/hooks/${at}`)
      await addHook(stage, conversation, `https://old.example/reprise/webhooks/executions/${sid}`)
      t.match(await reconcile(), [{ found: 'moved', done: 'replaced' }])
      const { webhooks } = world.conversation(conversation)
      t.equal(webhooks.length, others + 1)
      t.match(webhooks.at(-1), { url: `${stage.url}/webhooks/executions/${sid}` })
      await stage.say(conversation, 'Fine')
      t.equal((await stage.find(sid)).status, 'ended')
      t.equal(world.conversation(conversation).webhooks.length, others)
    }
  }
)

t.test('where there is no room for ours that is said, and nothing is touched', async t => {
  const stage = await setStage(t)
  const { conversation, reconcile } = await parked(stage)
  await removeHooks(stage, conversation)
  for (const at of [1, 2, 3, 4, 5]) await addHook(stage, conversation, `https://crm.example/${at}`)
  t.match(await reconcile(), [{ found: 'missing', done: 'failed', reason: /50361/ }])
  t.equal(stage.world.conversation(conversation).webhooks.length, 5)
})

t.test('an ended execution has none, and its Conversation is closed', async t => {
  const stage = await setStage(t)
  const { world } = stage
  const { conversation, sid, reconcile } = await parked(stage)
  await removeHooks(stage, conversation)
  // A teardown that believes to be done is what no other part of the service would ever look at again.
  await forget(stage, sid)
  t.equal(world.conversation(conversation).state, 'active')
  await addHook(stage, conversation, `${stage.url}/webhooks/executions/${sid}`)
  await addHook(stage, conversation, `https://old.example/webhooks/executions/${sid}`)
  t.match(await reconcile(), [
    { executionSid: sid, found: 'leaked', done: 'removed' },
    { executionSid: sid, found: 'open', done: 'closed' }
  ])
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  t.match(await stage.find(sid), { status: 'ended', teardown: null })
  t.same(await reconcile(), [])
})

t.test('what cannot be undone now is retried by itself', async t => {
  const stage = await setStage(t)
  const { world, clock } = stage
  const { conversation, sid, reconcile } = await parked(stage)
  await forget(stage, sid)
  world.faults.add([{ call: 'DELETE Webhooks', status: 403, code: 50107 }])
  t.match(await reconcile(), [
    { found: 'leaked', done: 'failed', reason: /50107/ },
    { found: 'open', done: 'failed' }
  ])
  t.match(await stage.find(sid), { teardown: { attempts: 1 } })
  world.faults.add([{ call: 'DELETE Webhooks', status: 403, code: 50107 }])
  t.match(await reconcile(), [{ found: 'unfinished', done: 'failed', reason: /50107/ }])
  t.match(await reconcile(), [{ found: 'unfinished', done: 'finished', reason: null }])
  clock.pass(1000)
  t.match(await stage.find(sid), { teardown: null })
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
})

t.test('an execution that handed its Conversation over, or lost it, wants none', async t => {
  const stage = await setStage(t)
  const { sid } = await parked(stage)
  const execution = await stage.find(sid)
  const inState = (status: string): Execution => {
    const { flow } = execution.context as { flow: { channel: object } }
    const channel = { ...flow.channel, status }
    return {
      ...execution,
      context: { ...execution.context, flow: { ...flow, channel } }
    } as Execution
  }
  t.match(await inspect(stage.runtime, inState('handed off')), [
    { found: 'leaked', repair: { add: false, remove: [/^WH/] } }
  ])
  const known = stage.world.log.last
  for (const status of ['closed', 'deleted'])
    t.same(await inspect(stage.runtime, inState(status)), [])
  t.same(stage.calls(known), [])
})

t.test('webhooks of others are never touched', async t => {
  const stage = await setStage(t)
  const { world, url } = stage
  const { conversation, sid, reconcile } = await parked(stage)
  const unknown = `FN0003${'a'.repeat(28)}`
  const { webhooks } = stage.client.conversations.v1.conversations(conversation)
  await webhooks.create({ target: 'studio', 'configuration.flowSid': `FW${'1'.repeat(32)}` })
  await addHook(stage, conversation, `https://other.example/webhooks/executions/${unknown}`)
  await addHook(stage, conversation, `https://crm.example/webhooks/executions`)
  const before = world.conversation(conversation).webhooks

  t.match(await reconcile(), [
    { executionSid: unknown, found: 'foreign', done: 'left', reason: null }
  ])
  t.same(world.conversation(conversation).webhooks, before)

  await addHook(stage, conversation, `${url}/webhooks/executions/${unknown}`)
  t.match(
    await reconcile(),
    [{ executionSid: unknown, conversationSid: conversation, found: 'leaked', done: 'removed' }],
    'one that leads here, for an execution that nobody knows, calls nobody'
  )
  t.same(world.conversation(conversation).webhooks, before)
  await forget(stage, sid)
  await reconcile()
  t.same(world.conversation(conversation).webhooks, before.slice(1))
})

t.test('what ended executions left in the Conversation of an active one goes as well', async t => {
  const stage = await setStage(t)
  const { conversation, flow, sid } = await parked(stage, false)
  const before = stage.world.conversation(conversation).webhooks
  const ended = []
  for (const to of ['+15550003333', '+15550004444']) {
    const other = await stage.start(flow, conversation, {}, to)
    await forget(stage, other)
    ended.push(other)
  }
  const live = await stage.start(flow, conversation, {}, '+15550005555')
  t.equal(stage.world.conversation(conversation).webhooks.length, 4)
  const found = await reconcileExecution(stage.runtime, await stage.find(sid), { dryRun: false })
  t.match(new Set(found.map(({ executionSid }) => executionSid)), new Set(ended))
  t.ok(found.every(({ done }) => done === 'removed'))
  const after = stage.world.conversation(conversation).webhooks
  t.equal(after.length, 2)
  t.same(after[0], before[0])
  t.match(after[1], { url: new RegExp(live) })
})

t.test('a dry run says the same, and changes nothing', async t => {
  const stage = await setStage(t)
  const { world } = stage
  const missing = await parked(stage)
  await removeHooks(stage, missing.conversation)
  const ended = await parked(stage)
  await forget(stage, ended.sid)
  const known = world.log.last
  const before = await Promise.all([missing, ended].map(({ sid }) => stage.find(sid)))
  for (const [each, found] of [
    [missing, ['missing']],
    [ended, ['leaked', 'open']]
  ] as const) {
    const execution = await stage.find(each.sid)
    t.match(
      await reconcileExecution(stage.runtime, execution, { dryRun: true }),
      found.map(word => ({ found: word, done: 'reported' }))
    )
  }
  t.ok(stage.calls(known).every(call => call.startsWith('GET')))
  t.same(await Promise.all([missing, ended].map(({ sid }) => stage.find(sid))), before)
})

t.test('a Conversation that is gone, or that nobody can read, is told', async t => {
  const stage = await setStage(t)
  const { world } = stage
  const { conversation, sid, reconcile } = await parked(stage)
  world.faults.add([{ call: 'GET Webhooks', status: 401, code: 20003, times: 1 }])
  t.match(await reconcile(), [{ found: 'unreadable', done: 'failed', reason: /401.*credentials/ }])

  await stage.client.conversations.v1.conversations(conversation).update({ state: 'closed' })
  await removeHooks(stage, conversation)
  t.match(await reconcile(), [{ found: 'gone', done: 'left', reason: /50377/ }])
  t.match(await stage.find(sid), { status: 'ended', end: { reason: 'failed' } })

  const other = await parked(stage)
  await stage.client.conversations.v1.conversations(other.conversation).remove()
  t.match(await other.reconcile(), [{ found: 'gone', done: 'left', reason: /404/ }])
  t.equal((await stage.find(other.sid)).status, 'active', 'its next look ends it')
  await forget(stage, other.sid)
  t.same([...(await reconcile()), ...(await other.reconcile())], [])
})

t.test('a turn is never raced: it is waited for, or told to be busy', async t => {
  const stage = await setStage(t)
  const { runtime, clock } = stage
  const { conversation, sid, reconcile } = await parked(stage)
  await removeHooks(stage, conversation)
  const claim = await runtime.executions.claim(sid, clock.now())
  if (!claim) return t.fail('it must be free')
  const known = stage.world.log.last
  t.match(await reconcile(), [{ found: 'busy', done: 'skipped', reason: /middle of a turn/ }])
  t.same(stage.calls(known), ['GET Webhooks'])

  const again = reconcile()
  await runtime.worker.run(claim)
  t.match(await again, [{ found: 'missing', done: 'registered' }])
})

t.test('an execution that a dead turn left is recovered first', async t => {
  const stage = await setStage(t)
  const { conversation, sid, reconcile } = await parked(stage)
  const died = stage.dieInNextTurn()
  stage.world.say(conversation, { body: 'Fine' })
  await died
  await removeHooks(stage, conversation)
  t.match(await reconcile(), [{ found: 'busy', done: 'skipped' }])
  stage.clock.pass(leaseMs + 1)
  await reconcile()
  await stage.idle()
  t.match(await stage.find(sid), { status: 'ended', teardown: null })
  t.same(stage.bodies(conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])
  t.match(stage.world.conversation(conversation), { state: 'closed', webhooks: [] })
})

/** An execution that waits for a reply, and closes its Conversation at the end unless told. */
async function parked(stage: Stage, close = true) {
  const flow = await stage.publish(askAndThank(close))
  const conversation = stage.openConversation()
  const sid = await stage.start(flow, conversation, {}, `+1556${String(++people).padStart(7, '0')}`)
  const reconcile = async () =>
    awake(stage, reconcileExecution(stage.runtime, await stage.find(sid), { dryRun: false }))
  return { flow, conversation, sid, reconcile }
}

let people = 0

/** Wakes whoever sleeps until it is done. */
async function awake<T>({ clock }: Stage, work: Promise<T>): Promise<T> {
  let over = false
  const done = work.finally(() => {
    over = true
  })
  while (!over) {
    if (clock.sleepsFor !== null) clock.pass(clock.sleepsFor)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  return done
}

const hooksOf = ({ client }: Stage, conversation: string) =>
  client.conversations.v1.conversations(conversation).webhooks

async function removeHooks(stage: Stage, conversation: string) {
  for (const { sid } of await hooksOf(stage, conversation).list())
    await hooksOf(stage, conversation)(sid).remove()
}

const addHook = (stage: Stage, conversation: string, url: string) =>
  hooksOf(stage, conversation).create({
    target: 'webhook',
    'configuration.url': url,
    'configuration.method': 'post',
    'configuration.filters': ['onMessageAdded']
  })

/** Ends an execution as a bug, or a store restored from an old copy, might: with nothing left to undo. */
async function forget({ runtime, clock, find }: Stage, sid: string) {
  const claim = await runtime.executions.claim(sid, clock.now())
  if (!claim) throw new Error('It is busy')
  const end = { reason: 'completed', at: clock.now() } as const
  await runtime.executions.commit(claim, {
    execution: { ...(await find(sid)), status: 'ended', pause: null, end, teardown: null },
    steps: [],
    consumed: [],
    dueAt: null,
    hold: false,
    now: clock.now()
  })
}
