import t from 'tap'
import twilio from 'twilio'
import { accountSid, authToken, type Form, gate, listen, phone, start } from './start.ts'

const heard = { 'x-twilio-webhook-enabled': 'true' }

const hook = (
  url: string,
  filters: string | string[] = 'onMessageAdded',
  more: Form = {}
): Form => ({
  Target: 'webhook',
  'Configuration.Url': url,
  'Configuration.Filters': filters,
  ...more
})

t.test('what a customer says reaches the webhook as Twilio sends it', async t => {
  const { call, world, idle } = await start(t, {
    now: () => Date.parse('2026-01-02T03:04:05.678Z')
  })
  const { received, url } = await listen(t)
  const { sid, serviceSid } = world.openConversation({
    participants: [phone, { identity: 'agent' }]
  })
  await call('POST', `/Conversations/${sid}/Webhooks`, hook(url))
  const media = [{ contentType: 'image/png', filename: 'cat.png', size: 7 }]
  const said = [
    world.say(sid, { body: 'Ünï & 1+1=2', attributes: { mood: 'good' } }),
    world.say(sid, { author: 'agent', media })
  ]
  await idle()

  const common = {
    EventType: 'onMessageAdded',
    AccountSid: accountSid,
    ConversationSid: sid,
    ChatServiceSid: serviceSid,
    MessagingServiceSid: `MG${accountSid.slice(2)}`,
    DateCreated: '2026-01-02T03:04:05.678Z',
    RetryCount: '0'
  }
  t.same(received[0]?.params, {
    ...common,
    Source: 'SMS',
    MessageSid: said[0]?.sid,
    Index: '0',
    Body: 'Ünï & 1+1=2',
    Author: phone.address,
    ParticipantSid: said[0]?.participantSid,
    Attributes: '{"mood":"good"}'
  })
  t.same(received[1]?.params, {
    ...common,
    Source: 'SDK',
    ClientIdentity: 'agent',
    MessageSid: said[1]?.sid,
    Index: '1',
    Author: 'agent',
    ParticipantSid: said[1]?.participantSid,
    Attributes: '{}',
    Media: JSON.stringify([
      { MediaSid: said[1]?.media[0]?.sid, Filename: 'cat.png', ContentType: 'image/png', Size: 7 }
    ])
  })
  t.match(received[0]?.headers, {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'user-agent': 'TwilioProxy/1.1',
    'i-twilio-idempotency-token': /^[0-9a-f-]{36}$/
  })
})

t.test('the official SDK accepts the signature of a POST and of a GET', async t => {
  const { call, world, idle } = await start(t)
  const { received, url } = await listen(t)
  const { sid } = world.openConversation({ participants: [phone] })
  const webhooks = `/Conversations/${sid}/Webhooks`
  await call('POST', webhooks, hook(`${url}?tenant=a%20b#rc=2`))
  await call(
    'POST',
    webhooks,
    hook(`${url}?by=get`, 'onMessageAdded', { 'Configuration.Method': 'get' })
  )
  world.say(sid, { body: 'Ünï & 1+1=2' })
  await idle()

  t.same(received.map(({ method }) => method).sort(), ['GET', 'POST'])
  for (const { method, url: path, headers, params } of received) {
    const signature = String(headers['x-twilio-signature'])
    const form = method === 'POST' ? params : {}
    const valid = (token: string) =>
      twilio.validateRequest(token, signature, new URL(path, url).href, form)
    t.equal(params.Body, 'Ünï & 1+1=2')
    t.ok(valid(authToken), `${method} ${path} is genuine`)
    t.notOk(valid('another token'))
  }
})

t.test('the API is heard by webhooks only if it asks for it', async t => {
  const { call, client, world, idle } = await start(t)
  const { received, url } = await listen(t)
  const { sid } = world.openConversation({ participants: [phone] })
  await call('POST', `/Conversations/${sid}/Webhooks`, hook(url))
  const messages = `/Conversations/${sid}/Messages`
  await call('POST', messages, { Body: 'silent' })
  await call('POST', messages, { Body: 'silent' }, { 'x-twilio-webhook-enabled': 'false' })
  await call('POST', messages, { Body: 'loud' }, heard)
  const sdk = client.conversations.v1.conversations(sid)
  await sdk.messages.create({ body: 'loud by SDK', xTwilioWebhookEnabled: 'true' })
  await idle()
  t.same(
    received.map(({ params }) => [
      params.Source,
      params.Body,
      params.Author,
      params.ParticipantSid
    ]),
    [
      ['API', 'loud', 'system', undefined],
      ['API', 'loud by SDK', 'system', undefined]
    ]
  )
})

t.test('every change can be listened to', async t => {
  const { call, world, idle } = await start(t)
  const { received, url } = await listen(t)
  const { sid } = world.openConversation({ participants: [phone] })
  const base = `/Conversations/${sid}`
  const events = ['Message', 'Participant'].flatMap(what => [
    `on${what}Added`,
    `on${what}Updated`,
    `on${what}Removed`
  ])
  const more = ['onConversationUpdated', 'onConversationStateUpdated', 'onConversationRemoved']
  await call('POST', `${base}/Webhooks`, hook(url, [...events, ...more]))

  const change = async (method: string, path: string, form?: Form) =>
    (await call(method, base + path, form, heard)).body.sid
  const participant = await change('POST', '/Participants', { Identity: 'ann' })
  await change('POST', `/Participants/${participant}`, { Attributes: '{"vip":true}' })
  await change('DELETE', `/Participants/${participant}`)
  const message = await change('POST', '/Messages', { Body: 'Hello' })
  await change('POST', `/Messages/${message}`, { Body: 'Hi' })
  await change('DELETE', `/Messages/${message}`)
  await change('POST', '', { State: 'inactive', FriendlyName: 'Case' })
  world.say(sid, { body: 'Hey' })
  await change('DELETE', '')
  await idle()

  t.match(
    received.map(({ params }) => params),
    [
      { EventType: 'onParticipantAdded', ParticipantSid: participant, Identity: 'ann' },
      { EventType: 'onParticipantUpdated', Attributes: '{"vip":true}', DateUpdated: /\.\d{3}Z/ },
      { EventType: 'onParticipantRemoved', DateRemoved: /\.\d{3}Z/ },
      { EventType: 'onMessageAdded', Body: 'Hello' },
      { EventType: 'onMessageUpdated', MessageSid: message, Body: 'Hi' },
      { EventType: 'onMessageRemoved', MessageSid: message },
      { EventType: 'onConversationUpdated', FriendlyName: 'Case' },
      {
        EventType: 'onConversationStateUpdated',
        StateFrom: 'active',
        StateTo: 'inactive',
        Reason: 'API'
      },
      { EventType: 'onMessageAdded', Body: 'Hey', Source: 'SMS' },
      { EventType: 'onConversationStateUpdated', StateTo: 'active', Reason: 'EVENT' },
      { EventType: 'onConversationRemoved', State: 'active' }
    ]
  )
})

t.test('ReplayAfter sends what was said from that index on, then goes on', async t => {
  const { client, world, idle } = await start(t)
  const { received, url } = await listen(t)
  const { sid } = world.openConversation({ participants: [phone] })
  const conversation = client.conversations.v1.conversations(sid)
  world.say(sid, { body: 'zero' })
  world.say(sid, { body: 'one' })
  await conversation.messages.create({ body: 'two' })
  await conversation.webhooks.create({
    target: 'webhook',
    'configuration.url': url,
    'configuration.filters': ['onMessageAdded'],
    'configuration.replayAfter': 1
  })
  world.say(sid, { body: 'three' })
  await idle()
  t.same(
    received.map(({ params }) => [params.Index, params.Body, params.Source]),
    [
      ['1', 'one', 'SMS'],
      ['2', 'two', 'API'],
      ['3', 'three', 'SMS']
    ]
  )
})

t.test('one webhook is called in order, others do not wait for it', async t => {
  const { call, world, idle } = await start(t)
  const held = gate<number>()
  const slow = await listen(t, () => held.opened)
  const passed = gate<string>()
  const quick = await listen(t, ({ params }) => {
    if (params.Index === '2') passed.open(params.MessageSid ?? '')
    return 500
  })
  const { sid } = world.openConversation({ participants: [phone] })
  for (const { url } of [slow, quick])
    await call('POST', `/Conversations/${sid}/Webhooks`, hook(url))
  for (const body of ['one', 'two', 'three']) world.say(sid, { body })
  await passed.opened
  t.ok(slow.received.length <= 1, 'the second waits for the answer to the first')
  held.open(204)
  await idle()
  for (const { received } of [slow, quick]) {
    t.same(
      received.map(({ params }) => params.Body),
      ['one', 'two', 'three'],
      'no more than once each'
    )
  }
})

t.test('a webhook that fails or is gone is noted and not called again', async t => {
  const { call, world, idle } = await start(t)
  const failing = await listen(t, () => 503)
  const { sid } = world.openConversation({ participants: [phone] })
  const urls = [failing.url, 'http://127.0.0.1:1/gone', 'https://127.0.0.1:1/gone']
  for (const url of urls) await call('POST', `/Conversations/${sid}/Webhooks`, hook(url))
  const { last } = world.log
  world.say(sid, { body: 'Hello' })
  await idle()

  const entries = world.log.after(last)
  const outcome = (url?: string) =>
    entries.find(each => each.type === 'delivery' && each.url === url)
  t.equal(entries.length, 3)
  t.match(outcome(urls[0]), { status: 503, error: null, params: { Body: 'Hello' } })
  t.match(outcome(urls[1]), { status: null, error: /ECONNREFUSED/ })
  t.match(outcome(urls[2]), { status: null, error: /ECONNREFUSED/ })
})

t.test('a webhook that hangs is given up', async t => {
  const { call, world, idle } = await start(t, { webhookTimeout: 20 })
  const never = new Promise<number>(() => {})
  const { url } = await listen(t, () => never)
  const { sid } = world.openConversation({ participants: [phone] })
  await call('POST', `/Conversations/${sid}/Webhooks`, hook(url))
  world.say(sid, { body: 'Hello' })
  await idle()
  t.match(world.log.after(0).at(-1), { url, status: null, error: 'no answer within 20 ms' })
})

t.test('closing the simulator ends what is on its way', async t => {
  const { app, call, world, idle } = await start(t)
  const arrived = gate<string>()
  const never = new Promise<number>(() => {})
  const { received, url } = await listen(t, ({ url }) => {
    arrived.open(url)
    return never
  })
  const { sid } = world.openConversation({ participants: [phone] })
  await call('POST', `/Conversations/${sid}/Webhooks`, hook(url))
  world.say(sid, { body: 'under way' })
  world.say(sid, { body: 'queued' })
  await arrived.opened
  await app.close()
  await idle()
  t.equal(received.length, 1)
  t.match(world.log.after(0).at(-1), { type: 'delivery', error: 'the simulator was closed' })
  world.say(sid, { body: 'too late' })
  await idle()
  t.equal(received.length, 1)
})
