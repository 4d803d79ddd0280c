import t from 'tap'
import type { MessageReceived } from '../../src/engine/event.ts'
import { deliverMessage } from '../../src/runtime/deliver.ts'
import { FenceLost } from '../../src/runtime/errors.ts'
import { createExecution } from '../../src/runtime/request.ts'
import { askAndThank, business, customer, eventually, flowOf } from '../support/build-service.ts'
import { leaseMs, type Stage, setStage } from './stage.ts'

const dayMs = 24 * 60 * 60 * 1000

type Widget = Parameters<typeof flowOf>[number]

const resume = (next: string, close = false): Widget => [
  'resume',
  'resume-conversation',
  {
    conversation_sid: '{{flow.data.conversation_sid}}',
    close_conversation_on_execution_end: close
  },
  { resumed: next, failed: null }
]
const ask = (
  name: string,
  next: string | null,
  onTimeout: string | null,
  timeout = '60'
): Widget => [
  name,
  'send-and-wait-for-reply',
  { body: `${name}?`, timeout },
  { incomingMessage: next, timeout: onTimeout, deliveryFailure: null }
]
const say = (name: string, next: string | null): Widget => [
  name,
  'send-message',
  { body: `${name}.` },
  { sent: next, failed: null }
]

/** Asks twice, a minute each; says goodbye to who is silent. */
const twoQuestions = flowOf(
  resume('one'),
  ask('one', 'two', 'bye'),
  ask('two', 'thanks', 'bye'),
  say('thanks', null),
  say('bye', null)
)

t.test(
  'a wait times out once, and the timer of an earlier wait never ends a later one',
  async t => {
    const stage = await setStage(t)
    const { clock, idle, bodies, path, publish, start, openConversation, find } = stage
    const conversation = openConversation()
    const sid = await start(await publish(twoQuestions), conversation)

    clock.pass(50_000)
    await stage.say(conversation, 'A')
    clock.pass(20_000)
    await idle()
    t.same(bodies(conversation), ['one?', 'A', 'two?'], 'the first timer would have been due')
    t.match((await find(sid)).pause, { type: 'reply', afterIndex: 2 })

    clock.pass(45_000)
    await idle()
    t.same(bodies(conversation), ['one?', 'A', 'two?', 'bye.'])
    for (const _ of [1, 2, 3]) {
      clock.pass(60_000)
      await idle()
    }
    t.same(bodies(conversation), ['one?', 'A', 'two?', 'bye.'])
    t.same((await path(sid)).slice(2), ['one incomingMessage', 'two timeout', 'bye sent'])
  }
)

t.test('whoever looks before its time ends no wait', async t => {
  const { clock, idle, bodies, publish, start, openConversation, find, runtime } = await setStage(t)
  const conversation = openConversation()
  const sid = await start(await publish(twoQuestions), conversation)
  clock.pass(50_000)
  const claim = await runtime.executions.claim(sid, clock.now())
  if (claim) await runtime.worker.run(claim)
  await idle()
  t.same(bodies(conversation), ['one?'])
  t.match(await find(sid), { pause: { type: 'reply', token: '2' }, stepCount: 2 })
})

t.test('a late reply after the timeout is refused', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, publish, start, openConversation, find, world, runtime } = stage
  const flow = await publish(
    flowOf(resume('one'), ask('one', null, 'two'), ask('two', null, null, '3600'))
  )
  const conversation = openConversation()
  const sid = await start(flow, conversation)

  t.test('while the next question is on its way', async t => {
    world.faults.add([{ call: 'POST Messages', status: 429, retryAfter: 20 }])
    clock.pass(61_000)
    await eventually(() => clock.sleepsFor)
    world.say(conversation, { body: 'late' })
    await idle()
    t.same(bodies(conversation), ['one?', 'late', 'two?'])
    const { pause, problems } = await find(sid)
    t.match(pause, { type: 'reply', afterIndex: 2 })
    t.match(problems, [{ code: 81002, message: /index 1\) was ignored/ }])
  })

  t.test('after the end', async t => {
    clock.pass(3_601_000)
    await idle()
    const ended = await find(sid)
    t.match(ended, { status: 'ended', teardown: null })
    t.equal(await deliverMessage(runtime, sid, received(stage, conversation, 9)), 'ended')
    await idle()
    t.same(await find(sid), ended)
  })
})

t.test('a reply whose webhook was lost is found before the wait times out', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, path, publish, start, openConversation, find, world } = stage
  const conversation = openConversation()
  world.say(conversation, { body: 'long ago' })
  const sid = await start(await publish(twoQuestions), conversation)
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true, times: 2 }])
  world.say(conversation, { body: 'lost' })
  world.say(conversation, { body: 'lost too' })
  await idle()
  t.same(bodies(conversation), ['long ago', 'one?', 'lost', 'lost too'])

  clock.pass(60_000)
  await idle()
  t.same(bodies(conversation), ['long ago', 'one?', 'lost', 'lost too', 'two?'])
  const { context, problems } = await find(sid)
  t.match(context, { widgets: { one: { inbound: { Body: 'lost', Index: '2' } } } })
  t.match(problems, [{ code: 81002, message: /index 3\) was ignored/ }])
  await stage.say(conversation, 'heard')
  t.same((await path(sid)).slice(2), ['one incomingMessage', 'two incomingMessage', 'thanks sent'])
})

t.test('a reply that came while the service was down is found after its restart', async t => {
  const before = await setStage(t)
  const conversation = before.openConversation()
  const sid = await before.start(await before.publish(twoQuestions), conversation)
  await before.close()
  before.world.say(conversation, { body: 'anybody there?' })
  await before.simulator.idle()

  const { clock, bodies, find, idle } = await setStage(t, { after: before })
  const now = clock.now()
  await clock.passUntil(() => bodies(conversation).length === 3)
  await idle()
  t.ok(clock.now() - now < 30_000, 'long before the wait would time out')
  t.same(bodies(conversation), ['one?', 'anybody there?', 'two?'])
  t.match(await find(sid), { status: 'active', problems: [] })
})

t.test('what the customer said before a restart is not taken twice after it', async t => {
  const before = await setStage(t)
  const conversation = before.openConversation()
  const sid = await before.start(await before.publish(twoQuestions), conversation)
  await before.say(conversation, 'A')
  await before.close()

  const { clock, bodies, find, idle, say } = await setStage(t, { after: before })
  for (const _ of [1, 2, 3, 4, 5, 6, 7, 8]) {
    clock.pass(2000)
    await idle()
  }
  t.same(bodies(conversation), ['one?', 'A', 'two?'])
  t.match(await find(sid), { status: 'active', problems: [], stepCount: 3 })
  await say(conversation, 'B')
  t.same(bodies(conversation).slice(3), ['B', 'thanks.'])
})

t.test('a webhook that comes three times is one reply', async t => {
  const stage = await setStage(t)
  const { bodies, publish, start, openConversation, find, world, runtime } = stage
  const conversation = openConversation()
  const sid = await start(await publish(twoQuestions), conversation)
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', copies: 3 }])
  const message = await stage.say(conversation, 'A')
  t.same(bodies(conversation), ['one?', 'A', 'two?'])
  const again = { ...received(stage, conversation, message.index + 10), id: message.sid }
  t.equal(await deliverMessage(runtime, sid, again), 'duplicate', 'even with another index')
  t.match(await find(sid), { problems: [], stepCount: 3 })
})

t.test('webhooks that overtook each other are taken in the order of the Conversation', async t => {
  const stage = await setStage(t)
  const { bodies, publish, start, openConversation, find, world, runtime, simulator, idle } = stage
  const conversation = openConversation()
  const sid = await start(await publish(twoQuestions), conversation)
  const claim = await runtime.executions.claim(sid, stage.clock.now())
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', delay: 60 }])
  world.say(conversation, { body: 'first' })
  world.say(conversation, { body: 'second' })
  await simulator.idle()
  const deliveries = world.log.after(0).filter(entry => entry.type === 'delivery')
  t.same(
    deliveries.map(({ params }) => params.Body),
    ['second', 'first'],
    'they came the wrong way round, during a turn'
  )
  if (claim) await runtime.worker.run(claim)
  await idle()
  const { context, problems } = await find(sid)
  t.match(context, { widgets: { one: { inbound: { Body: 'first' } } } })
  t.match(problems, [{ code: 81002, message: /index 2\) was ignored/ }])
  t.same(bodies(conversation), ['one?', 'first', 'second', 'two?'])
})

t.test('a message from before the question answers nothing, and the execution says so', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, find, world, runtime, idle, diagnosis } = stage
  const conversation = openConversation()
  const old = world.say(conversation, { body: 'old' })
  const flow = await publish(twoQuestions)
  const sid = await start(flow, conversation)
  const event = { ...received(stage, conversation, old.index), id: old.sid }
  t.equal(await deliverMessage(runtime, sid, event), 'claimed')
  await idle()
  t.match(await find(sid), { pause: { type: 'reply', token: '2' } })
  t.match(await diagnosis(flow, sid), {
    doing: 'It is waiting for a reply in one',
    question_index: 1,
    problems: [
      {
        code: 81002,
        message: `Message ${old.sid} (index 0) was ignored: it was there before the question (index 1)`
      }
    ]
  })
})

t.test('what the flow itself said never moves it', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, find, world, client, idle, bodies, clock } = stage
  const conversation = openConversation()
  const sid = await start(await publish(twoQuestions), conversation)
  const [question] = world.conversation(conversation).messages
  const { messages } = client.conversations.v1.conversations(conversation)
  await messages.create({
    xTwilioWebhookEnabled: 'true',
    author: customer,
    body: 'an echo',
    attributes: JSON.stringify(question?.attributes)
  })
  await idle()
  t.match(await find(sid), {
    pause: { type: 'reply', token: '2' },
    problems: [{ code: 81002, message: /index 1\) was ignored: this execution sent it/ }]
  })
  clock.pass(60_000)
  await idle()
  t.same(bodies(conversation), ['one?', 'an echo', 'bye.'], 'nor when messages are read back')
})

t.test('a message whose sending got no answer is not sent again', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, bodies, calls, path } = stage
  const flow = await publish(twoQuestions)
  for (const trouble of [{ drop: true }, { status: 500 }, { status: 503, times: 2 }]) {
    const conversation = openConversation()
    const known = world.log.last
    world.faults.add([{ call: 'POST Messages', after: true, ...trouble }])
    const sid = await start(flow, conversation)
    await stage.say(conversation, 'A')
    await stage.say(conversation, 'B')
    t.same(bodies(conversation), ['one?', 'A', 'two?', 'B', 'thanks.'])
    t.same((await path(sid)).at(-1), 'thanks sent')
    t.same(calls(known).slice(3, 5), [`POST Messages ${trouble.status ?? null}`, 'GET Messages'])
    await closed(stage, conversation)
  }
})

t.test('a message that was not sent is looked for, and then sent', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, bodies, calls } = stage
  const conversation = openConversation()
  world.faults.add([
    { call: 'POST Messages', status: 503 },
    { call: 'POST Messages', drop: true }
  ])
  await start(await publish(twoQuestions), conversation)
  t.same(bodies(conversation), ['one?'])
  t.same(calls().slice(3), [
    'POST Messages 503',
    'GET Messages',
    'POST Messages null',
    'GET Messages',
    'POST Messages'
  ])
})

t.test('a turn that died is repeated, and sends nothing twice', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, bodies, dieInNextTurn, recover, path } = stage
  const flow = await publish(
    flowOf(
      resume('one'),
      ask('one', 'two', null),
      say('two', 'three'),
      say('three', 'four'),
      ask('four', null, null)
    )
  )
  for (const sends of [0, 1, 2, Number.POSITIVE_INFINITY]) {
    t.test(`after ${sends} of its messages`, async t => {
      const conversation = openConversation()
      const sid = await start(flow, conversation)
      const died = dieInNextTurn(sends)
      world.say(conversation, { body: 'go' })
      await died
      t.equal(bodies(conversation).length, 2 + Math.min(sends, 3))
      t.same(await path(sid), ['Trigger incomingRequest', 'resume resumed'], 'nothing was saved')
      await recover()
      t.same(bodies(conversation), ['one?', 'go', 'two.', 'three.', 'four?'])
      t.same((await path(sid)).slice(2), ['one incomingMessage', 'two sent', 'three sent'])
      await stage.say(conversation, 'done')
      t.same((await path(sid)).at(-1), 'four incomingMessage')
      await closed(stage, conversation)
    })
  }
})

t.test('a repeated turn decides as it did before, whatever came in since', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, bodies, clock, simulator } = stage
  const { dieInNextTurn, recover, path } = stage
  const flow = await publish(twoQuestions)

  t.test('a reply that comes after the timeout took effect does not undo it', async t => {
    const conversation = openConversation()
    const sid = await start(flow, conversation)
    const died = dieInNextTurn()
    clock.pass(61_000)
    await died
    t.same(bodies(conversation), ['one?', 'bye.'])
    world.say(conversation, { body: 'late' })
    await simulator.idle()
    await recover()
    t.same(bodies(conversation), ['one?', 'bye.', 'late'])
    t.same((await path(sid)).slice(2), ['one timeout', 'bye sent'])
    await closed(stage, conversation)
  })

  t.test('a reply that was read back stays the answer', async t => {
    const conversation = openConversation()
    const sid = await start(flow, conversation)
    world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true }])
    world.say(conversation, { body: 'lost' })
    const died = dieInNextTurn()
    clock.pass(61_000)
    await died
    t.same(bodies(conversation), ['one?', 'lost', 'two?'])
    world.say(conversation, { body: 'heard' })
    await simulator.idle()
    await recover()
    t.same(bodies(conversation), ['one?', 'lost', 'two?', 'heard', 'thanks.'])
    const two = ['one incomingMessage', 'two incomingMessage', 'thanks sent']
    t.same((await path(sid)).slice(2), two)
  })
})

t.test('who lost the lease saves nothing', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, dieInNextTurn, recover, find, runtime } = stage
  const { executions } = runtime
  const conversation = openConversation()
  const sid = await start(await publish(twoQuestions), conversation)
  const dying = dieInNextTurn()
  world.say(conversation, { body: 'A' })
  const { claim, commit } = await dying
  await recover()
  await stage.say(conversation, 'B')
  const saved = await find(sid)
  const steps = await executions.fetchSteps(sid)
  t.equal(saved.status, 'ended')

  if (!commit) throw new Error('It died too early')
  await t.rejects(executions.commit(claim, commit), FenceLost)
  await t.rejects(executions.remove(claim), FenceLost)
  t.equal(await executions.renew(claim, stage.clock.now()), false)
  t.same(await find(sid), saved)
  t.same(await executions.fetchSteps(sid), steps)
})

t.test('a turn that takes longer than its lease keeps it', async t => {
  const stage = await setStage(t)
  const { publish, trigger, openConversation, world, clock, idle, bodies, find } = stage
  const conversation = openConversation()
  world.faults.add([{ call: 'POST Messages', status: 429, retryAfter: (3 * leaseMs) / 1000 }])
  const { sid } = await trigger(await publish(twoQuestions), { conversation_sid: conversation })
  await eventually(() => clock.sleepsFor)
  for (let passed = 0; passed < 2.5 * leaseMs; passed += 5000) {
    clock.pass(5000)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  t.same(bodies(conversation), [], 'nobody else took it')
  await idle()
  t.same(bodies(conversation), ['one?'])
  t.match(await find(sid), { status: 'active', problems: [] })
})

t.test('a turn that a machine slept through is not run beside the one that takes over', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, bodies, clock, idle, path } = stage
  const conversation = openConversation()
  const sid = await start(await publish(twoQuestions), conversation)
  world.faults.add([{ call: 'POST Messages', delay: 200 }])
  const known = world.log.last
  world.say(conversation, { body: 'A' })
  await eventually(() => world.log.after(known).length === 1)
  clock.pass(leaseMs + 1000)
  await eventually(() => bodies(conversation).length === 3)
  await idle()
  t.same(bodies(conversation), ['one?', 'A', 'two?'])
  t.same((await path(sid)).slice(2), ['one incomingMessage'])
  await stage.say(conversation, 'B')
  t.same(bodies(conversation).slice(3), ['B', 'thanks.'])
})

t.test('a running execution stays on its revision when a new one is published', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, client, bodies, find, clock } = stage
  const flow = await publish(twoQuestions)
  const first = openConversation()
  const sid = await start(flow, first)
  const definition = flowOf(resume('other'), ask('other', null, null))
  await client.studio.v2.flows(flow).update({ status: 'published', definition })
  clock.pass(1000)
  const second = openConversation('+15550009999')
  const newSid = await start(flow, second, {}, '+15550009999')
  await stage.say(first, 'A')
  t.same(bodies(first), ['one?', 'A', 'two?'])
  t.same(bodies(second), ['other?'])
  t.match([await find(sid), await find(newSid)], [{ flowRevision: 1 }, { flowRevision: 2 }])
})

t.test(
  'an execution expires after its lifetime, tidies up, and is forgotten after the retention',
  async t => {
    const stage = await setStage(t)
    const { publish, start, openConversation, clock, find, idle, world, runtime } = stage
    const flow = await publish(
      flowOf(resume('one', true), ask('one', null, null, String(365 * 24 * 3600)))
    )
    const conversation = openConversation()
    const sid = await start(flow, conversation)
    clock.pass(30 * dayMs - 60_000)
    await idle()
    t.equal((await find(sid)).status, 'active')
    clock.pass(61_000)
    await idle()
    t.match(await find(sid), { status: 'ended', end: { reason: 'expired' }, teardown: null })
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
    clock.pass(dayMs)
    await idle()
    t.equal(await runtime.executions.fetch(sid), null)
    t.same(await runtime.executions.fetchSteps(sid), [])
  }
)

t.test('an ended execution is kept for 30 days from its start', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, clock, find, idle, runtime } = stage
  const conversation = openConversation()
  const sid = await start(await publish(askAndThank()), conversation)
  await stage.say(conversation, 'Fine')
  clock.pass(30 * dayMs - 60_000)
  await idle()
  t.equal((await find(sid)).status, 'ended')
  clock.pass(61_000)
  await idle()
  t.equal(await runtime.executions.fetch(sid), null)
})

t.test(
  'a reply that comes before the turn that asked for it is saved is used by that turn',
  async t => {
    const stage = await setStage(t)
    const { publish, trigger, openConversation, world, bodies, simulator, idle, find } = stage
    const conversation = openConversation()
    world.faults.add([{ call: 'POST Messages', after: true, delay: 150 }])
    const { sid } = await trigger(await publish(twoQuestions), { conversation_sid: conversation })
    await eventually(() => bodies(conversation).length === 1)
    world.say(conversation, { body: 'quick' })
    await simulator.idle()
    t.not((await find(sid)).pause?.type, 'reply', 'it is queued, and the question is not saved')
    await idle()
    t.same(bodies(conversation), ['one?', 'quick', 'two?'])
    t.match(await find(sid), { pause: { type: 'reply', token: '3' }, problems: [] })
  }
)

t.test('a process that is full keeps what it is told, and takes it when there is room', async t => {
  const stage = await setStage(t, { environment: { MAX_TURNS: '1' } })
  const { publish, start, trigger, openConversation, world, clock, runtime } = stage
  const { bodies, simulator, idle, find } = stage
  const flow = await publish(twoQuestions)
  const calm = openConversation()
  const sid = await start(flow, calm)
  const slow = openConversation('+15550009999')
  world.faults.add([{ call: 'POST Messages', status: 429, retryAfter: 20 }])
  await trigger(flow, { conversation_sid: slow }, '+15550009999')
  await eventually(() => clock.sleepsFor)
  t.equal(runtime.worker.hasRoom(), false)

  const queued = await trigger(flow, { conversation_sid: 'none' }, '+15550008888')
  world.say(calm, { body: 'A' })
  await simulator.idle()
  clock.pass(1000)
  t.same(bodies(calm), ['one?', 'A'])
  t.equal((await find(sid)).stepCount, 2)
  t.equal((await find(queued.sid)).stepCount, 0)
  await idle()
  await clock.passUntil(() => bodies(calm).length === 3)
  await clock.passUntil(async () => (await find(queued.sid)).status === 'ended')
  t.same(bodies(slow), ['one?'])
})

t.test('rate limits slow an execution down, and never fail it', async t => {
  const stage = await setStage(t)
  const { publish, trigger, openConversation, world, clock, bodies, find, idle, calls } = stage
  const conversation = openConversation()
  const limit = { status: 429, code: 50063, retryAfter: 7 }
  world.faults.add([
    ...['GET Conversations', 'GET Participants', 'POST Webhooks'].map(call => ({ call, ...limit })),
    { call: 'POST Messages', ...limit, times: 30 }
  ])
  const began = clock.now()
  const { sid } = await trigger(await publish(twoQuestions), { conversation_sid: conversation })
  await clock.passUntil(() => bodies(conversation).length === 1)
  await idle()
  t.ok(clock.now() - began >= 33 * 7000, 'Retry-After is honoured each time')
  t.match(await find(sid), { status: 'active', problems: [] })
  t.equal(calls().filter(call => call === 'POST Messages 429').length, 30)
  t.equal(calls().filter(call => call === 'GET Messages').length, 0, 'a 429 leaves no doubt')
})

t.test('reading is repeated after a server error', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, bodies, calls } = stage
  const conversation = openConversation()
  world.faults.add([
    { call: 'GET Conversations', status: 503, times: 2 },
    { call: 'GET Participants', drop: true }
  ])
  await start(await publish(twoQuestions), conversation)
  t.same(bodies(conversation), ['one?'])
  t.same(calls().slice(0, 5), [
    'GET Conversations 503',
    'GET Conversations 503',
    'GET Conversations',
    'GET Participants null',
    'GET Participants'
  ])
})

t.test('a wait does not time out while nobody can tell whether there is a reply', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, bodies, clock, idle, recover } = stage
  const conversation = openConversation()
  await start(await publish(twoQuestions), conversation)
  world.faults.add([
    { call: 'WEBHOOK onMessageAdded', drop: true },
    { call: 'GET Messages', status: 500, times: 7 }
  ])
  world.say(conversation, { body: 'lost' })
  clock.pass(60_000)
  await idle()
  t.same(bodies(conversation), ['one?', 'lost'])
  await recover()
  t.same(bodies(conversation), ['one?', 'lost', 'two?'])
})

t.test('a widget that throws ends the execution, and says why', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, runtime, world, diagnosis } = stage
  const { env } = runtime
  const broken = env.widgets['send-message']
  Object.assign(env, {
    widgets: {
      ...env.widgets,
      'send-message': {
        ...broken,
        run() {
          throw new TypeError('This widget is broken')
        }
      }
    }
  })
  const flow = await publish(
    flowOf(resume('one', true), ask('one', 'thanks', null), say('thanks', null))
  )
  const conversation = openConversation()
  const sid = await start(flow, conversation)
  await stage.say(conversation, 'A')
  t.match(await diagnosis(flow, sid), {
    status: 'ended',
    end_reason: 'failed',
    teardown: null,
    problems: [{ message: 'This widget is broken' }]
  })
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
})

t.test('ending by the API while it waits removes the webhook, and then closes', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, client, world, idle, calls, find } = stage
  const flow = await publish(askAndThank(true))
  const conversation = openConversation()
  const sid = await start(flow, conversation)
  const known = world.log.last
  const execution = await client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' })
  t.equal(execution.status, 'ended')
  await idle()
  t.same(calls(known), ['GET Webhooks', 'DELETE Webhooks', 'POST Conversations'])
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  t.match(await find(sid), { end: { reason: 'api' }, teardown: null })
  await t.rejects(client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' }), {
    code: 20409
  })
})

t.test('ending by the API during a turn lets the turn finish first', async t => {
  const stage = await setStage(t)
  const { publish, trigger, openConversation, client, world, idle, bodies, find } = stage
  const flow = await publish(askAndThank(true))
  const conversation = openConversation()
  world.faults.add([{ call: 'POST Messages', after: true, delay: 150 }])
  const { sid } = await trigger(flow, { conversation_sid: conversation, name: 'Ada' })
  await eventually(() => bodies(conversation).length === 1)
  const ending = client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' })
  await idle()
  t.equal((await ending).status, 'ended')
  await idle()
  t.match(await find(sid), { end: { reason: 'api' }, teardown: null, stepCount: 2 })
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
})

t.test('deleting a running execution tidies up first, and then it is gone', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, client, world, idle, runtime, find } = stage
  const flow = await publish(askAndThank(true))
  const conversation = openConversation()
  const sid = await start(flow, conversation)
  world.faults.add([{ call: 'DELETE Webhooks', status: 500, times: 6 }])
  const { executions } = client.studio.v2.flows(flow)
  t.equal(await executions(sid).remove(), true)
  await t.rejects(executions(sid).fetch(), { code: 20404 })
  t.match(await find(sid), { end: { reason: 'deleted' }, teardown: { tasks: [{}, {}] } })
  await stage.clock.passUntil(async () => (await runtime.executions.fetch(sid)) === null)
  await idle()
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  t.same(await runtime.executions.fetchSteps(sid), [])
})

t.test('an execution that replaces another one finds the Conversation open', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, world, idle, find, bodies } = stage
  const flow = await publish(askAndThank(true))
  const conversation = openConversation()
  const first = await start(flow, conversation)
  await t.rejects(start(flow, conversation), { code: 20409 })
  const { sid: second } = await createExecution(stage.runtime, replacing(flow, conversation))
  await idle()
  t.match(await find(first), { status: 'ended', end: { reason: 'replaced' }, teardown: null })
  t.match(world.conversation(conversation), {
    state: 'active',
    webhooks: [{ url: new RegExp(`${second}$`) }]
  })
  await stage.say(conversation, 'Fine')
  t.match(await find(second), { status: 'ended', end: { reason: 'completed' } })
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  t.same(bodies(conversation).slice(2), ['Fine', '"Fine" is noted.'])
})

t.test(
  'nobody minds that the one to be replaced, deleted or swept away ends by itself',
  async t => {
    const stage = await setStage(t)
    const { publish, start, openConversation, find, client, runtime, clock } = stage
    const flow = await publish(askAndThank())
    const { executions } = client.studio.v2.flows(flow)
    const parked = async () => {
      const conversation = openConversation()
      return { conversation, sid: await start(flow, conversation) }
    }
    /** The reply that ends it is there a moment before somebody wants to end it. */
    const answeredFirst = ({ conversation, sid }: { conversation: string; sid: string }) => {
      const { deliver } = runtime.executions
      Object.assign(runtime.executions, {
        async deliver(...input: Parameters<typeof deliver>) {
          Object.assign(runtime.executions, { deliver })
          await stage.say(conversation, 'Fine')
          t.equal((await find(sid)).status, 'ended')
          await closed(stage, conversation)
          return deliver(...input)
        }
      })
    }

    const replaced = await parked()
    const request = replacing(flow, replaced.conversation)
    // The reply is delivered by the same call, so it is let through to the real one first.
    answeredFirst(replaced)
    const replacement = await createExecution(runtime, request)
    t.match(await find(replaced.sid), { end: { reason: 'completed' } })
    t.not(replacement.sid, replaced.sid)
    await stage.idle()

    const deleted = await parked()
    answeredFirst(deleted)
    t.equal(await executions(deleted.sid).remove(), true)
    await t.rejects(executions(deleted.sid).fetch(), { code: 20404 })

    const swept = await parked()
    answeredFirst(swept)
    t.equal(await client.studio.v2.flows(flow).remove(), true)
    clock.pass(1000)
    await stage.idle()
  }
)

/** A message of the customer, as a webhook would tell of it. */
const received = ({ clock }: Stage, conversationSid: string, index: number): MessageReceived => ({
  type: 'message-received',
  id: `IM${'e'.repeat(32)}`,
  at: clock.now(),
  conversationSid,
  index,
  sentBy: null,
  payload: { Body: 'hello' }
})

const replacing = (flowSid: string, conversationSid: string) => ({
  flowSid,
  to: customer,
  from: business,
  parameters: { conversation_sid: conversationSid, name: 'Ada' },
  mode: 'flow' as const,
  conflictPolicy: 'replace' as const,
  idempotencyKey: null
})

/** Frees the customer's address for the next Conversation. */
const closed = ({ client }: Stage, conversationSid: string) =>
  client.conversations.v1.conversations(conversationSid).update({ state: 'closed' })
