// The receiver of inbound triggers: messages that start executions of a flow, and go on with them.

import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import {
  accountSid,
  authToken,
  buildService,
  business,
  customer,
  eventually,
  flowOf
} from '../support/build-service.ts'

type Form = Record<string, string>

interface Post {
  readonly signature?: string | null
  /** What is sent instead of what was signed. */
  readonly sent?: Form
  readonly type?: string
}

type Widget = Parameters<typeof flowOf>[number]

/** A flow whose trigger leads to the first widget, whatever starts it. */
function openFlow(...widgets: Widget[]) {
  const { states, ...flow } = flowOf(...widgets)
  const [trigger, ...others] = states
  const transitions = ['incomingConversationMessage', 'incomingMessage', 'incomingRequest'].map(
    event => ({ event, next: widgets[0]?.[0] ?? null })
  )
  return { ...flow, states: [{ ...trigger, transitions }, ...others] }
}

const ask: Widget = [
  'ask',
  'send-and-wait-for-reply',
  { body: 'What about "{{trigger.conversation.Body}}"?', timeout: '3600' },
  { incomingMessage: 'thank', timeout: null, deliveryFailure: null }
]
const thank: Widget = [
  'thank',
  'send-message',
  { body: '"{{widgets.ask.inbound.Body}}" by {{widgets.ask.inbound.Author}}.' },
  { sent: null, failed: null }
]

async function start(t: Test) {
  const service = await buildService(t)
  const { call, client, url, world, idle, runtime } = service

  const pathOf = (flowSid: string, account = accountSid) =>
    `/v1/Accounts/${account}/Flows/${flowSid}`

  const post = (path: string, parameters: Form, options: Post = {}) => {
    const signature =
      options.signature === undefined
        ? getExpectedTwilioSignature(authToken, url + path, parameters)
        : options.signature
    return call('POST', path, {
      form: options.sent ?? parameters,
      headers: {
        authorization: '',
        'content-type': options.type ?? 'application/x-www-form-urlencoded; charset=utf-8',
        ...(signature !== null && { 'x-twilio-signature': signature })
      }
    })
  }

  return {
    ...service,
    pathOf,
    post,

    /** A Conversation whose messages go to a flow, as Twilio's address configuration sets them up. */
    async connect(flowSid: string, input: Parameters<typeof world.openConversation>[0] = {}) {
      const address = `+1555600${String(Math.floor(Math.random() * 10_000)).padStart(4, '0')}`
      const participants = [{ address, proxyAddress: business }, { identity: 'agent' }]
      const { sid } = world.openConversation({ participants, ...input })
      await client.conversations.v1.conversations(sid).webhooks.create({
        target: 'webhook',
        'configuration.url': url + pathOf(flowSid),
        'configuration.method': 'post',
        'configuration.filters': ['onMessageAdded']
      })
      return { sid, address }
    },

    executions: (flowSid: string) => client.studio.v2.flows(flowSid).executions.list(),
    contextOf: async (flowSid: string, sid: string) =>
      (await client.studio.v2.flows(flowSid).executions(sid).executionContext().fetch()).context,
    bodies: (sid: string) => world.conversation(sid).messages.map(({ body }) => body),
    problems: async (sid: string) => (await runtime.executions.fetch(sid))?.problems,

    async say(sid: string, body: string, author?: string) {
      const message = world.say(sid, { body, ...(author && { author }) })
      await idle()
      return message
    }
  }
}

/** As Twilio would write it. */
const messageAdded = (conversationSid: string, more: Form = {}): Form => ({
  EventType: 'onMessageAdded',
  AccountSid: accountSid,
  ConversationSid: conversationSid,
  MessageSid: `IM${randomUUID().replaceAll('-', '')}`,
  Index: '0',
  Body: 'Hello',
  Author: customer,
  Source: 'SMS',
  DateCreated: '2026-11-22T12:00:00.123Z',
  Attributes: '{}',
  RetryCount: '0',
  ...more
})

/** https://www.twilio.com/docs/messaging/guides/webhook-request */
const textMessage = (more: Form = {}): Form => ({
  ToCountry: 'US',
  SmsMessageSid: 'SM1',
  NumMedia: '0',
  FromCity: 'SEATTLE',
  Body: 'Hello',
  To: business,
  From: customer,
  MessageSid: `SM${randomUUID().replaceAll('-', '')}`,
  AccountSid: accountSid,
  ApiVersion: '2010-04-01',
  ...more
})

t.test('who may call', async t => {
  const { publish, post, pathOf, executions, openConversation, call } = await start(t)
  const flow = await publish(openFlow(ask, thank))
  const message = messageAdded(openConversation())
  const path = pathOf(flow)
  const forbidden = { status: 403, body: { code: 20403, message: /PUBLIC_URL/ } }
  const notFound = { status: 404, body: { code: 20404 } }

  await t.test('is Twilio, for this path and these parameters', async t => {
    for (const [what, options] of Object.entries<Post>({
      'no signature': { signature: null },
      'an empty one': { signature: '' },
      'one by another token': { signature: getExpectedTwilioSignature('other', path, message) },
      'one for another flow': {
        signature: getExpectedTwilioSignature(authToken, pathOf(`FW${'0'.repeat(32)}`), message)
      },
      'a body that was changed': { sent: { ...message, Body: 'Changed' } },
      'an author that was changed': { sent: { ...message, Author: '+15550009999' } }
    }))
      t.match(await post(path, message, options), forbidden, what)
    const credentials = { authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` }
    t.match(await call('POST', path, { form: message, headers: credentials }), forbidden)
    t.match(await post('/v1/Accounts/AC1/Flows/FW1', {}, { signature: null }), forbidden)
  })

  await t.test('for this account, and a flow that is there and published', async t => {
    t.match(await post(pathOf(flow, `AC${'9'.repeat(32)}`), message), notFound)
    t.match(await post(pathOf(`FW${'9'.repeat(32)}`), message), notFound)
    t.match(await post(pathOf('FW1'), message), notFound)
    t.match(await post(pathOf(flow, 'AC1'), message), notFound)
    t.match(await call('GET', path), notFound)
    const draft = await publish(openFlow(ask, thank), 'draft')
    t.match(await post(pathOf(draft), message), {
      status: 409,
      body: { code: 20409, message: /only drafts/ }
    })
  })

  await t.test('with a form that says what is needed', async t => {
    const bad = { status: 400, body: { code: 20001 } }
    const without = (form: Form, ...names: string[]) =>
      Object.fromEntries(Object.entries(form).filter(([name]) => !names.includes(name)))
    t.match(await post(path, {}), bad)
    t.match(await post(path, without(message, 'MessageSid')), bad)
    t.match(await post(path, { ...message, MessageSid: '' }), bad)
    t.match(await post(path, without(message, 'ConversationSid')), {
      ...bad,
      body: { message: /ConversationSid and Index/ }
    })
    t.match(await post(path, { ...message, ConversationSid: '' }), bad)
    t.match(await post(path, without(message, 'Index')), bad)
    for (const Index of ['-1', '1.5', 'x', '', '1e3'])
      t.match(await post(path, { ...message, Index }), bad, `Index ${Index}`)
    t.match(await post(path, without(textMessage(), 'From')), {
      ...bad,
      body: { message: /From and To/ }
    })
    t.match(await post(path, { ...textMessage(), To: '' }), bad)
    t.match(await post(path, message, { type: 'application/json' }), { status: 415 })
  })

  await t.test('and other events are none of ours', async t => {
    for (const EventType of ['onParticipantAdded', 'onConversationStateUpdated', ''])
      if (EventType !== '')
        t.match(await post(path, { ...message, EventType }), { status: 200, body: '' })
    t.match(await post(path, { EventType: 'onConversationAdded' }), { status: 200 })
  })

  t.same(await executions(flow), [], 'nothing was started')
})

t.test('the first message of a Conversation starts an execution', async t => {
  const { publish, connect, executions, contextOf, say, bodies, world, client } = await start(t)
  const flow = await publish(openFlow(ask, thank))
  const { sid, address } = await connect(flow, {
    friendlyName: 'Case 7',
    attributes: { language: 'fr', nested: { tier: 2 } }
  }).then(async ({ sid }) => {
    const person = '+15556660001'
    const conversation = client.conversations.v1.conversations(sid)
    await conversation.participants.create({
      'messagingBinding.address': person,
      'messagingBinding.proxyAddress': business
    })
    return { sid, address: person }
  })
  const message = await say(sid, 'Bonjour', address)
  const [execution, ...others] = await executions(flow)
  t.same(others, [])
  t.match(execution, {
    contactChannelAddress: address,
    initiatedBy: message.sid,
    status: 'active',
    flowVersion: 1
  })
  const { serviceSid } = world.conversation(sid)
  const context = await contextOf(flow, execution?.sid ?? '')
  t.match(context, {
    trigger: {
      conversation: {
        AccountSid: accountSid,
        Body: 'Bonjour',
        ChannelSid: sid,
        ConversationSid: sid,
        DateCreated: message.dateCreated,
        From: address,
        Author: address,
        MessageSid: message.sid,
        MessagingServiceSid: /^MG/,
        ParticipantSid: message.participantSid,
        InstanceSid: serviceSid,
        Source: 'SMS',
        ChannelAttributes: { language: 'fr', nested: { tier: 2 } }
      }
    },
    contact: { channel: { address } },
    flow: {
      sid: execution?.sid,
      flow_sid: flow,
      variables: {},
      channel: {
        sid,
        type: 'conversation',
        status: 'active',
        details: { chat_service_sid: serviceSid, friendly_name: 'Case 7' }
      }
    }
  })
  t.same(Object.keys(context.trigger), ['conversation'])
  t.same(bodies(sid), ['Bonjour', 'What about "Bonjour"?'])
})

t.test('an execution is the Conversation’s', async t => {
  const { publish, connect, executions, say, bodies, idle, world, problems } = await start(t)
  const flow = await publish(openFlow(ask, thank))

  await t.test('whoever of its participants answers', async t => {
    for (const author of [undefined, 'agent']) {
      const { sid, address } = await connect(flow)
      await say(sid, 'Hello')
      await say(sid, 'Weather', author)
      t.same(bodies(sid), [
        'Hello',
        'What about "Hello"?',
        'Weather',
        `"Weather" by ${author ?? address}.`
      ])
    }
    const all = await executions(flow)
    t.same(
      all.map(({ status }) => status),
      ['ended', 'ended']
    )
  })

  await t.test('and two Conversations of one person have two', async t => {
    const before = (await executions(flow)).length
    const address = '+15556660002'
    const [one, two] = await Promise.all(
      ['+15557770001', '+15557770002'].map(proxyAddress =>
        connect(flow, { participants: [{ address, proxyAddress }] })
      )
    )
    await say(one?.sid ?? '', 'One')
    await say(two?.sid ?? '', 'Two')
    await say(one?.sid ?? '', 'First')
    t.same(bodies(two?.sid ?? ''), ['Two', 'What about "Two"?'])
    t.equal(bodies(one?.sid ?? '').length, 4)
    t.equal((await executions(flow)).length, before + 2)
  })

  await t.test('until it has ended: then the next message starts another one', async t => {
    const before = (await executions(flow)).length
    const { sid } = await connect(flow)
    for (const body of ['A', 'B', 'C']) await say(sid, body)
    t.equal((await executions(flow)).length, before + 2)
    t.equal(bodies(sid).at(-1), 'What about "C"?')
  })

  await t.test('and messages that come at once start one', async t => {
    const before = (await executions(flow)).length
    const { sid } = await connect(flow)
    world.faults.add([
      { call: 'WEBHOOK onMessageAdded', delay: 20 },
      { call: 'WEBHOOK onMessageAdded', delay: 20 },
      { call: 'WEBHOOK onMessageAdded', delay: 20 }
    ])
    for (const body of ['A', 'B', 'C']) world.say(sid, { body })
    await idle()
    const all = await executions(flow)
    t.equal(all.length, before + 1)
    const [execution] = all
    t.equal(execution?.status, 'active')
    t.equal(bodies(sid).length, 4)
    t.equal((await problems(execution?.sid ?? ''))?.length, 2, 'the others were there too early')
  })
})

t.test('a webhook that comes again changes nothing', async t => {
  const { publish, post, pathOf, executions, bodies, idle, openConversation, world } =
    await start(t)
  const flow = await publish(openFlow(ask, thank))
  const conversation = openConversation()
  const hello = messageAdded(conversation, { Index: '0' })
  const weather = messageAdded(conversation, { Index: '5', Body: 'Weather' })
  const told = async (message: Form) => {
    t.match(await post(pathOf(flow), message), { status: 200, body: '' })
    await idle()
    return [(await executions(flow)).length, bodies(conversation).length]
  }
  t.same(await told(hello), [1, 1])
  t.same(await told(hello), [1, 1], 'while the execution waits')
  t.same(await told(weather), [1, 2])
  t.match(await executions(flow), [{ status: 'ended' }])
  t.same(await told(hello), [1, 2], 'the one that started it, after the end')
  t.same(await told(messageAdded(conversation, { Index: '9', Author: 'agent' })), [2, 3])
  t.same(await told(hello), [2, 3], 'while another one waits')

  await t.test('even at the same moment', async t => {
    const other = openConversation()
    const first = messageAdded(other)
    const before = (await executions(flow)).length
    await Promise.all([1, 2, 3, 4].map(() => post(pathOf(flow), first)))
    await idle()
    t.equal((await executions(flow)).length, before + 1)
    t.equal(bodies(other).length, 1)
    const last = messageAdded(other, { Index: '5' })
    await Promise.all([1, 2, 3, 4].map(() => post(pathOf(flow), last)))
    await idle()
    t.equal((await executions(flow)).length, before + 1)
    t.equal(world.conversation(other).messages.length, 2)
  })
})

t.test('what a flow of ours said starts nothing', async t => {
  const { publish, post, pathOf, executions, idle, openConversation } = await start(t)
  const flow = await publish(openFlow(ask, thank))
  const ours = JSON.stringify({ reprise: { effect: 'FN1:2:0' }, own: 1 })
  t.match(await post(pathOf(flow), messageAdded(openConversation(), { Attributes: ours })), {
    status: 200,
    body: ''
  })
  await idle()
  t.same(await executions(flow), [])
})

t.test('in an execution that a message started', async t => {
  const { publish, connect, executions, say, world, problems, client, contextOf } = await start(t)

  await t.test('there is a Conversation already, and no other can be had', async t => {
    const flow = await publish(
      openFlow(
        [
          'resume',
          'resume-conversation',
          { conversation_sid: '{{flow.channel.sid}}' },
          { resumed: null, failed: 'open' }
        ],
        [
          'open',
          'start-conversation',
          { participants: [{ type: 'chat', identity: 'x' }] },
          { created: null, failed: 'ask' }
        ],
        ask,
        thank
      )
    )
    const { sid } = await connect(flow)
    await say(sid, 'Hello')
    const [execution] = await executions(flow)
    t.match(await problems(execution?.sid ?? ''), [
      { code: 81020, widget: 'resume', message: /only in executions started by the REST API/ },
      { code: 81020, widget: 'open', message: /only in executions started by the REST API/ }
    ])
    t.match(world.conversation(sid).webhooks, { length: 1 }, 'only the one that started it')
    t.equal((await client.conversations.v1.conversations.list()).length, 1)
    await say(sid, 'Weather')
    t.match(world.conversation(sid), { state: 'active', webhooks: { length: 1 } })
  })

  await t.test('an event that the trigger does not lead on from ends it', async t => {
    const flow = await publish(flowOf(ask, thank))
    const { sid } = await connect(flow)
    await say(sid, 'Hello')
    t.match(await executions(flow), [{ status: 'ended' }])
    t.match(world.conversation(sid).messages, { length: 1 })
  })

  await t.test('a Conversation that cannot be read is talked in all the same', async t => {
    const flow = await publish(openFlow(ask, thank))
    const { sid } = await connect(flow)
    world.faults.add([{ call: 'GET Conversations', status: 403, code: 20403 }])
    await say(sid, 'Hello')
    const [execution] = await executions(flow)
    t.match(await problems(execution?.sid ?? ''), [{ message: /could not be read/ }])
    t.equal(world.conversation(sid).messages.length, 2)
  })

  await t.test('test users run the draft', async t => {
    const flow = await publish(openFlow(ask, thank))
    const draft = openFlow(['ask', 'send-message', { body: 'Draft' }, { sent: null, failed: null }])
    await client.studio.v2.flows(flow).update({ status: 'draft', definition: draft })
    const { sid, address } = await connect(flow)
    await client.studio.v2
      .flows(flow)
      .testUsers()
      .update({ testUsers: [address] })
    await say(sid, 'Hello')
    t.equal(world.conversation(sid).messages.at(-1)?.body, 'Draft')
    await say(sid, 'Hello', 'agent')
    t.equal(world.conversation(sid).messages.at(-1)?.body, 'What about "Hello"?')
    t.match(await executions(flow), [{ flowVersion: 1 }, { flowVersion: 2 }])
  })

  await t.test('the API finds and ends it like any other', async t => {
    const flow = await publish(openFlow(ask, thank))
    const { sid } = await connect(flow)
    await say(sid, 'Hello')
    const [execution] = await executions(flow)
    await client.studio.v2
      .flows(flow)
      .executions(execution?.sid ?? '')
      .update({ status: 'ended' })
    await eventually(async () => (await executions(flow))[0]?.status === 'ended')
    t.match(await contextOf(flow, execution?.sid ?? ''), { flow: { channel: { sid } } })
    await say(sid, 'Hello again')
    t.equal((await executions(flow)).length, 2)
  })
})

t.test('a text message starts an execution, too', async t => {
  const { publish, post, pathOf, executions, contextOf, idle, problems } = await start(t)
  const flow = await publish(openFlow(ask, thank))
  const message = textMessage()
  const answer = await post(pathOf(flow), message)
  t.match(answer, { status: 200, body: '<Response/>' })
  t.match(answer.headers.get('content-type'), /^text\/xml/)
  await idle()
  const [execution] = await executions(flow)
  t.match(execution, {
    contactChannelAddress: customer,
    initiatedBy: message.MessageSid,
    status: 'ended'
  })
  const context = await contextOf(flow, execution?.sid ?? '')
  t.same(context.trigger, { message })
  t.match(context, {
    contact: { channel: { address: customer } },
    flow: { channel: { address: business, sid: undefined } }
  })
  t.match(await problems(execution?.sid ?? ''), [{ message: /no Conversation/, widget: 'ask' }])

  await t.test('once', async t => {
    t.match(await post(pathOf(flow), message), { status: 200, body: '<Response/>' })
    await idle()
    t.equal((await executions(flow)).length, 1)
    await post(pathOf(flow), textMessage())
    await idle()
    t.equal((await executions(flow)).length, 2)
  })
})

t.test(
  'a webhook that comes again after the end starts nothing, if its message had been an answer',
  async t => {
    const { publish, post, pathOf, executions, idle, openConversation } = await start(t)
    const flow = await publish(openFlow(ask, thank))
    const conversation = openConversation()
    const answer = messageAdded(conversation, { Index: '5' })
    for (const message of [messageAdded(conversation), answer, answer]) {
      await post(pathOf(flow), message)
      await idle()
    }
    t.match(await executions(flow), { length: 1 })
  }
)

t.test('an execution that a message started is found by its Conversation', async t => {
  const { publish, connect, say, executions, call } = await start(t)
  const flow = await publish(openFlow(ask, thank))
  const { sid: conversation } = await connect(flow)
  await connect(flow)
  await say(conversation, 'Hello')
  const [execution] = await executions(flow)
  const { body } = await call('GET', `/v2/Flows/${flow}/Executions?ConversationSid=${conversation}`)
  t.match(body.executions, [{ sid: execution?.sid }])
})
