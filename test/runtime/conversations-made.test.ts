// Conversations that a flow makes, and those that it hands over to agents: all that is left behind, or not.

import t, { type Test } from 'tap'
import type { Fault } from '../../src/simulator/faults.ts'
import { business, flowOf } from '../support/build-service.ts'
import { setStage } from './stage.ts'

type Widget = Parameters<typeof flowOf>[number]

const workflow = `WW${'1'.repeat(32)}`
const taskChannel = `TC${'2'.repeat(32)}`

const startWidget = (next: string | null, otherwise: string | null, more: object = {}): Widget => [
  'open',
  'start-conversation',
  {
    conversation_service_sid: '',
    participants: [
      {
        type: 'messaging',
        messaging_binding_address: '{{trigger.request.to}}',
        messaging_binding_proxy_address: '{{trigger.request.from}}'
      }
    ],
    timers_inactive: 'PT10M',
    timers_closed: 'PT1H',
    close_conversation_on_execution_end: true,
    ...more
  },
  { created: next, failed: otherwise }
]
const ask = (next: string | null): Widget => [
  'ask',
  'send-and-wait-for-reply',
  { body: 'How was it?', timeout: '3600' },
  { incomingMessage: next, timeout: null, deliveryFailure: null }
]
const say = (name: string, next: string | null): Widget => [
  name,
  'send-message',
  { body: `${name}.` },
  { sent: next, failed: null }
]

/** Opens a Conversation, asks and thanks; says so where it could not be opened. */
const survey = (more: object = {}) =>
  flowOf(startWidget('ask', 'sorry', more), ask('thanks'), say('thanks', null), [
    'sorry',
    'set-variables',
    { variables: [{ key: 'sorry', value: 'yes' }] },
    { next: null }
  ])

async function setUp(t: Test) {
  const stage = await setStage(t)
  const { client, trigger, idle, world } = stage
  let people = 0
  return {
    ...stage,
    /** Starts an execution for somebody new. */
    async begin(flowSid: string, parameters: object = {}) {
      people += 1
      const to = `+1555400${String(people).padStart(4, '0')}`
      const { sid } = await trigger(flowSid, parameters, to)
      return { sid, to }
    },
    /** All Conversations of the account. */
    async conversations() {
      await idle()
      const all = await client.conversations.v1.conversations.list()
      return all.map(({ sid }) => world.conversation(sid))
    }
  }
}

t.test('a flow opens a Conversation, talks in it, and closes it', async t => {
  const { publish, begin, conversations, find, diagnosis, say, bodies, idle, url } = await setUp(t)
  const flow = await publish(
    survey({
      friendly_name: 'For {{flow.data.name}}',
      attributes: '{"topic":"{{flow.data.name}}"}'
    })
  )
  const { sid, to } = await begin(flow, { name: 'Ada' })
  await idle()
  const [conversation, ...others] = await conversations()
  if (!conversation) throw new Error('There is no Conversation')
  t.same(others, [])
  t.match(conversation, {
    friendlyName: 'For Ada',
    attributes: { topic: 'Ada' },
    state: 'active',
    messages: [{ body: 'How was it?', author: business }],
    webhooks: [{ url: `${url}/webhooks/executions/${sid}`, filters: ['onMessageAdded'] }]
  })
  t.match(conversation.participants, { length: 1 })
  t.match(conversation.participants, [{ address: to, proxyAddress: business }])
  const { context } = await find(sid)
  t.match(context, {
    flow: {
      channel: {
        sid: conversation.sid,
        address: business,
        status: 'active',
        details: { chat_service_sid: conversation.serviceSid, participants: [{}] }
      }
    },
    widgets: {
      open: {
        conversation: { sid: conversation.sid, friendly_name: 'For Ada', participants: [{}] },
        webhook_sid: conversation.webhooks[0]?.sid,
        close_channel_on_execution_end: true
      }
    }
  })
  t.match(await diagnosis(flow, sid), { conversation_sid: conversation.sid })

  await say(conversation.sid, 'Fine')
  t.same(bodies(conversation.sid), ['How was it?', 'Fine', 'thanks.'])
  t.match(await conversations(), [{ state: 'closed', webhooks: [] }])
  t.match(await find(sid), { end: { reason: 'completed' }, teardown: null, problems: [] })
})

t.test('in a service of its own, and for a chat user', async t => {
  const { publish, begin, conversations, client, idle, calls } = await setUp(t)
  const { sid } = await client.conversations.v1.services.create({ friendlyName: 'Support' })
  const person = { type: 'chat', identity: '{{flow.data.name}}' }
  const flow = await publish(survey({ conversation_service_sid: sid, participants: [person] }))
  await begin(flow, { name: 'ada' })
  await idle()
  t.same(await conversations(), [], 'none in the default service')
  const [made] = await client.conversations.v1.services(sid).conversations.list()
  t.equal(made?.chatServiceSid, sid)
  const chat = client.conversations.v1.services(sid).conversations(made?.sid ?? '')
  t.match(await chat.participants.list(), [{ identity: 'ada', messagingBinding: null }])
  t.same(calls().slice(1, 5), [
    'POST Conversations',
    'POST Participants',
    'POST Webhooks',
    'POST Messages'
  ])
})

t.test('what could not be opened is undone', async t => {
  const stage = await setUp(t)
  const { publish, begin, conversations, find, path, world, openConversation, calls } = stage
  const flow = await publish(survey())
  const refusals: [string, Fault[], RegExp][] = [
    [
      'the Conversation',
      [{ call: 'POST Conversations', status: 400, code: 50384 }],
      /could not be created: Twilio answered 400 \(50384\)/
    ],
    [
      'the participant',
      [{ call: 'POST Participants', status: 400, code: 50407 }],
      /participant could not be added: Twilio answered 400 \(50407\)/
    ],
    [
      'the webhook',
      [{ call: 'POST Webhooks', status: 403, code: 50107 }],
      /No webhook could be registered on the new Conversation: Twilio answered 403/
    ],
    [
      'the participant, nobody knows',
      [{ call: 'POST Participants', status: 500, times: 9 }],
      /participant could not be added: Twilio answered 500/
    ],
    [
      'the webhook, nobody knows',
      [{ call: 'POST Webhooks', drop: true, times: 9 }],
      /No webhook could be registered.*No answer/
    ]
  ]
  for (const [what, faults, problem] of refusals)
    await t.test(`${what} was refused`, async t => {
      const left = (await conversations()).length
      world.faults.add(faults)
      const { sid } = await begin(flow)
      t.equal((await conversations()).length, left, 'no Conversation is left')
      world.faults.clear()
      t.match(await find(sid), {
        end: { reason: 'completed' },
        teardown: null,
        problems: [{ message: problem, widget: 'open' }],
        context: { flow: { channel: { sid: undefined }, variables: { sorry: 'yes' } } }
      })
      t.notOk('open' in ((await find(sid)).context.widgets as object), 'it sets no variables')
      t.same((await path(sid)).slice(1), ['open failed', 'sorry next'])
    })

  await t.test('the person talks in another Conversation', async t => {
    const to = '+15554009999'
    openConversation(to)
    const left = (await conversations()).length
    const { sid } = await stage.trigger(flow, {}, to)
    t.equal((await conversations()).length, left)
    t.match(await find(sid), { problems: [{ code: 50416 }], teardown: null })
  })

  await t.test('even where Twilio is away just then', async t => {
    const left = (await conversations()).length
    const known = world.log.last
    world.faults.add([
      { call: 'POST Participants', status: 400, code: 50407 },
      { call: 'DELETE Conversations', status: 503, times: 8 }
    ])
    const { sid } = await begin(flow)
    for (let minutes = 0; minutes < 5; minutes++) {
      await stage.idle()
      stage.clock.pass(60_000)
    }
    t.equal((await conversations()).length, left)
    t.match(await find(sid), { end: { reason: 'completed' }, teardown: null })
    const tries = calls(known).filter(call => call.startsWith('DELETE Conversations'))
    t.equal(tries.length, 9)
  })
})

t.test('a call that got no answer makes nothing twice', async t => {
  const { publish, begin, conversations, world, find } = await setUp(t)
  const flow = await publish(survey())
  for (const call of ['POST Conversations', 'POST Participants', 'POST Webhooks'])
    for (const trouble of [{ status: 500 }, { drop: true }]) {
      const left = (await conversations()).length
      world.faults.add([{ call, after: true, ...trouble }])
      const { sid } = await begin(flow)
      const all = await conversations()
      t.equal(all.length, left + 1, call)
      const made = all.at(-1)
      t.match(made, { participants: { length: 1 }, webhooks: { length: 1 } })
      t.match(made?.messages, [{ body: 'How was it?' }])
      t.match(await find(sid), { problems: [], pause: { type: 'reply' } })
    }
})

t.test('a turn that died while it opened one makes nothing twice', async t => {
  const { publish, begin, conversations, dieWhere, recover, find, path } = await setUp(t)
  const flow = await publish(survey())
  const methods = ['create', 'addParticipant', 'addWebhook', 'send'] as const
  for (const method of methods)
    for (const when of ['before', 'after'] as const)
      await t.test(`${when} ${method}`, async t => {
        const left = (await conversations()).length
        const died = dieWhere(({ conversations }, die) => {
          const call = conversations[method] as (...input: unknown[]) => Promise<unknown>
          const dying = async (...input: unknown[]) => {
            if (when === 'after') await call(...input)
            return die()
          }
          return { conversations: { ...conversations, [method]: dying } }
        })
        const { sid } = await begin(flow)
        await died
        t.same(await path(sid), [])
        await recover()
        const all = await conversations()
        t.equal(all.length, left + 1)
        t.match(all.at(-1), { participants: { length: 1 }, webhooks: { length: 1 } })
        t.match(all.at(-1)?.messages, { length: 1 })
        t.match(await find(sid), { pause: { type: 'reply' }, problems: [] })
      })
})

const flex = (next: string | null, otherwise: string | null, more: object = {}): Widget => [
  'agent',
  'send-to-flex',
  {
    workflow,
    channel: taskChannel,
    attributes: '{"topic":"{{widgets.ask.inbound.Body}}","name":"Ada"}',
    priority: '5',
    timeout: '120',
    ...more
  },
  { callComplete: next, failedToEnqueue: otherwise, callFailure: null }
]

/** Resumes a Conversation, asks, and hands over; afterwards it still tries to talk. */
const handOver = (more: object = {}) =>
  flowOf(
    [
      'resume',
      'resume-conversation',
      {
        conversation_sid: '{{flow.data.conversation_sid}}',
        close_conversation_on_execution_end: true
      },
      { resumed: 'ask', failed: null }
    ],
    ask('agent'),
    flex('bye', 'sorry', more),
    say('bye', null),
    say('sorry', null)
  )

t.test('a Conversation that is handed over is the agents’ from then on', async t => {
  const { publish, trigger, openConversation, say, world, find, path, bodies, idle, calls } =
    await setUp(t)
  const flow = await publish(handOver())
  const to = '+15554440001'
  const conversation = openConversation(to)
  const { sid } = await trigger(flow, { conversation_sid: conversation }, to)
  await idle()
  const known = world.log.last
  await say(conversation, 'billing')

  const seen = world.conversation(conversation)
  t.match(seen.interactions, { length: 1 })
  t.match(seen.interactions, [
    {
      channelType: 'sms',
      workflowSid: workflow,
      taskChannel,
      priority: 5,
      timeout: 120,
      attributes: {
        channelType: 'sms',
        customerAddress: to,
        from: to,
        customerName: to,
        name: 'Ada',
        topic: 'billing',
        conversationSid: conversation
      }
    }
  ])
  t.match(seen, { state: 'active', webhooks: [] }, 'although closing was asked for')
  t.same(bodies(conversation), ['How was it?', 'billing'], 'nothing is sent afterwards')
  t.same((await path(sid)).slice(2), ['ask incomingMessage', 'agent callComplete', 'bye failed'])
  const { context, problems, end, teardown } = await find(sid)
  t.match(context, {
    flow: { channel: { status: 'handed off', sid: conversation } },
    widgets: {
      agent: {
        sid: seen.interactions[0]?.sid,
        channel: { type: 'sms' },
        routing: { properties: { workflow_sid: workflow } },
        url: /Interactions\/KD/
      }
    }
  })
  t.match(problems, [{ message: /handed over to Flex/, widget: 'bye' }])
  t.match({ end, teardown }, { end: { reason: 'completed' }, teardown: null })
  t.same(calls(known).slice(0, 5), [
    'GET Configuration',
    'POST Interactions',
    'GET Webhooks',
    'DELETE Webhooks',
    'GET Webhooks'
  ])

  await say(conversation, 'anybody there?')
  t.match(world.conversation(conversation), { state: 'active', interactions: { length: 1 } })
})

t.test('a Conversation that nobody takes stays with the flow', async t => {
  const { publish, start, openConversation, say, world, find, path, bodies } = await setUp(t)
  const flow = await publish(handOver())
  const troubles: [Fault, RegExp][] = [
    // This one first: once the account is known, it is not asked for again.
    [{ call: 'GET Configuration', status: 404, code: 20404 }, /not created: Twilio answered 404/],
    [{ call: 'POST Interactions', status: 400, code: 20001 }, /not created: Twilio answered 400/]
  ]
  for (const [fault, problem] of troubles) {
    const conversation = openConversation()
    const sid = await start(flow, conversation)
    world.faults.add([fault])
    await say(conversation, 'billing')
    t.same(bodies(conversation), ['How was it?', 'billing', 'sorry.'])
    t.same((await path(sid)).slice(3), ['agent failedToEnqueue', 'sorry sent'])
    t.match(await find(sid), { problems: [{ code: 81015, message: problem, widget: 'agent' }] })
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [], interactions: [] })
    t.match((await find(sid)).context, { flow: { channel: { status: 'active' } } })
  }

  t.test('nor where the workflow is none', async t => {
    const other = await publish(handOver({ workflow: 'WW1' }))
    const conversation = openConversation()
    const sid = await start(other, conversation)
    await say(conversation, 'billing')
    t.same((await path(sid)).slice(3), ['agent failedToEnqueue', 'sorry sent'])
    t.match(await find(sid), { problems: [{ code: 81015, message: /workflow_sid/ }] })
  })
})

t.test('a turn that died after it handed over does not hand over again', async t => {
  const stage = await setUp(t)
  const { publish, start, openConversation, world, dieWhere, recover, find, path } = stage
  const conversation = openConversation()
  const sid = await start(await publish(handOver()), conversation)
  const died = dieWhere(({ conversations }, die) => ({
    conversations: { ...conversations, findWebhooks: die }
  }))
  world.say(conversation, { body: 'billing' })
  await died
  t.match(world.conversation(conversation), { webhooks: [{}], interactions: { length: 1 } })
  await recover()
  t.match(world.conversation(conversation), { webhooks: [], interactions: { length: 1 } })
  t.match(await find(sid), { end: { reason: 'completed' }, teardown: null })
  t.same((await path(sid)).slice(2), ['ask incomingMessage', 'agent callComplete', 'bye failed'])
})

t.test('a webhook that cannot be removed at once is removed later', async t => {
  const { publish, start, openConversation, world, find, say, clock, idle } = await setUp(t)
  const conversation = openConversation()
  const sid = await start(await publish(handOver()), conversation)
  world.faults.add([{ call: 'DELETE Webhooks', status: 503, times: 7 }])
  await say(conversation, 'billing')
  for (let minutes = 0; minutes < 5; minutes++) {
    clock.pass(60_000)
    await idle()
  }
  t.match(world.conversation(conversation), { state: 'active', webhooks: [] })
  t.match(await find(sid), { end: { reason: 'completed' }, teardown: null })
  t.match((await find(sid)).context, { flow: { channel: { status: 'handed off' } } })
})

t.test('the workspace of the account is asked for once', async t => {
  const { publish, start, openConversation, world, say, calls } = await setUp(t)
  const flow = await publish(handOver())
  const known = world.log.last
  for (const to of ['+15554440011', '+15554440012']) {
    const conversation = openConversation()
    await start(flow, conversation, {}, to)
    await say(conversation, 'billing')
    t.match(world.conversation(conversation), { interactions: { length: 1 } })
  }
  t.equal(calls(known).filter(call => call === 'GET Configuration').length, 1)
})
