import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import t from 'tap'
import { twilioSpec } from '../support/twilio-spec.ts'
import { accountSid, phone, start } from './start.ts'

const uuid = '0'.repeat(31)

t.test('the check accepts Twilio’s own examples', async t => {
  const { resolve } = createRequire(import.meta.url)
  const faults: Record<string, number> = {}
  for (const name of ['conversations_v1', 'flex_v1', 'studio_v2'] as const) {
    const file = resolve(`@twilio/cli-core/src/services/twilio-api/twilio_${name}.json`)
    const spec = twilioSpec(name)
    faults[name] = 0
    for (const { path, method, status, body } of examplesIn(
      JSON.parse(readFileSync(file, 'utf8'))
    )) {
      if (spec.check(method, path, status, body).length > 0) faults[name] += 1
    }
  }
  // The odd ones: a webhook configuration of a service, with null for a method that may not be
  // null; and, in Flex, plugin versions whose SIDs are of another kind.
  t.same(faults, { conversations_v1: 1, flex_v1: 2, studio_v2: 0 })
})

t.test('the check catches what is wrong', async t => {
  const { call } = await start(t)
  const { body } = await call('POST', '/Conversations', {})
  const spec = twilioSpec('conversations_v1')
  const check = (changed: object, status = 201, path = '/v1/Conversations') =>
    spec.check('POST', path, status, changed)
  const { timers, ...missing } = body

  t.same(check(body), [])
  t.match(check(missing), [/timers/], 'a missing field')
  t.match(check({ ...body, extra: 1 }), [/additional/], 'an extra field')
  t.match(check({ ...body, state: 'open' }), [/state must be equal to one of/], 'a wrong enum')
  t.match(
    check({ ...body, date_created: 'today' }),
    [/date_created must match format/],
    'a bad date'
  )
  t.match(check({ ...body, url: 'here' }), [/url must match format/], 'a bad URL')
  t.match(check({ ...body, sid: 'CH1' }), [/sid/, /sid/], 'a bad SID')
  t.match(check({ ...body, links: { messages: 'here' } }), [/links/], 'a bad link')
  t.match(check(body, 202), [/not a documented answer/], 'an undocumented status')
  t.match(check(body, 201, '/v1/Nothing'), [/not a path/], 'an unknown path')
  t.match(spec.check('PUT', '/v1/Conversations', 200, body), [/not an operation/])
  t.match(spec.check('DELETE', `/v1/Conversations/CH${uuid}1`, 204, {}), [/empty/])
  t.match(check({ code: 1, message: 'x', more_info: 'y', status: 400 }, 404), [/status/])
  t.match(check({ code: 'one', extra: 1 }, 404), [
    /extra/,
    /code/,
    /message/,
    /more_info/,
    /status/
  ])
})

t.test('both URL families answer every operation as specified', async t => {
  const { call } = await start(t)
  const named = await call('POST', '/Services', { FriendlyName: 'Support' })
  t.equal(named.status, 201)
  t.equal((await call('GET', `/Services/${named.body.sid}`)).body.friendly_name, 'Support')
  t.match((await call('GET', '/Services')).body.services, [{}, { sid: named.body.sid }])

  for (const prefix of ['', `/Services/${named.body.sid}`]) {
    const ok = async (status: number, ...[method, path, form]: Parameters<typeof call>) => {
      const answer = await call(method, prefix + path, form)
      t.equal(answer.status, status, `${method} ${prefix}${path} answers ${status}`)
      return answer.body
    }
    const scoped = prefix === '' ? undefined : named.body.sid
    const conversation = await ok(201, 'POST', '/Conversations', {
      FriendlyName: 'Case 12',
      UniqueName: 'case 12',
      Attributes: '{"topic":"feedback"}',
      State: 'active',
      'Timers.Inactive': 'PT1M',
      'Timers.Closed': 'P1DT1H'
    })
    const base = `/Conversations/${conversation.sid}`
    t.match(conversation.timers, { date_inactive: /T.*Z/, date_closed: /T.*Z/ })
    t.match(conversation.url, `/v1${prefix}${base}`)
    t.match(conversation.links, { messages: `${conversation.url}/Messages` })
    t.same(await ok(200, 'GET', '/Conversations/case%2012'), conversation, 'found by unique name')
    t.match(await ok(200, 'GET', '/Conversations'), { conversations: [conversation] })
    t.match(await ok(200, 'POST', base, { FriendlyName: 'Case 13' }), { friendly_name: 'Case 13' })

    const [address, proxy] = [phone.address, `${phone.proxyAddress}${prefix.length}`]
    const sms = await ok(201, 'POST', `${base}/Participants`, {
      'MessagingBinding.Address': address,
      'MessagingBinding.ProxyAddress': proxy
    })
    t.same(sms.messaging_binding, { type: 'sms', address, proxy_address: proxy })
    t.equal(sms.chat_service_sid, scoped)
    const agent = await ok(201, 'POST', `${base}/Participants`, { Identity: 'agent' })
    t.match(agent, { identity: 'agent', messaging_binding: null })
    t.match(await ok(200, 'GET', `${base}/Participants`), { participants: [sms, agent] })
    t.same(await ok(200, 'GET', `${base}/Participants/${sms.sid}`), sms)
    t.match(
      await ok(200, 'POST', `${base}/Participants/${agent.sid}`, { LastReadMessageIndex: 0 }),
      { last_read_message_index: 0 }
    )

    const first = await ok(201, 'POST', `${base}/Messages`, { Body: 'Hello' })
    t.match(first, { index: 0, author: 'system', participant_sid: null, delivery: null })
    t.equal(first.chat_service_sid, scoped)
    const second = await ok(201, 'POST', `${base}/Messages`, {
      MediaSid: `ME${uuid}1`,
      Author: 'agent'
    })
    t.match(second, { index: 1, participant_sid: agent.sid, media: [{ sid: `ME${uuid}1` }] })
    const third = await ok(201, 'POST', `${base}/Messages`, {
      ContentSid: `HX${uuid}1`,
      ContentVariables: '{"1":"Ann"}',
      Body: 'ignored'
    })
    t.match(third, { content_sid: `HX${uuid}1`, body: `HX${uuid}1 {"1":"Ann"}` })
    t.match(await ok(200, 'GET', `${base}/Messages`), { messages: [first, second, third] })
    t.same(await ok(200, 'GET', `${base}/Messages/${first.sid}`), first)
    t.match(await ok(200, 'POST', `${base}/Messages/${first.sid}`, { Body: 'Hi' }), { body: 'Hi' })
    await ok(200, 'GET', `${base}/Messages/${first.sid}/Receipts`)

    const webhook = await ok(201, 'POST', `${base}/Webhooks`, {
      Target: 'webhook',
      'Configuration.Url': 'https://example.com/hook',
      'Configuration.Method': 'POST',
      'Configuration.Filters': ['onMessageAdded', 'onParticipantAdded']
    })
    const filters = ['onMessageAdded', 'onParticipantAdded']
    t.same(webhook.configuration, { url: 'https://example.com/hook', method: 'post', filters })
    t.equal(webhook.chat_service_sid, scoped)
    const flowSid = `FW${uuid}1`
    const studio = { Target: 'studio', 'Configuration.FlowSid': flowSid }
    t.match(await ok(201, 'POST', `${base}/Webhooks`, studio), {
      configuration: { flow_sid: flowSid }
    })
    t.match(await ok(200, 'GET', `${base}/Webhooks`), { webhooks: [webhook, { target: 'studio' }] })
    t.same(await ok(200, 'GET', `${base}/Webhooks/${webhook.sid}`), webhook)
    t.match(
      await ok(200, 'POST', `${base}/Webhooks/${webhook.sid}`, { 'Configuration.Method': 'get' }),
      { configuration: { method: 'get', filters } }
    )

    await ok(204, 'DELETE', `${base}/Webhooks/${webhook.sid}`)
    await ok(204, 'DELETE', `${base}/Messages/${first.sid}`)
    await ok(204, 'DELETE', `${base}/Participants/${agent.sid}`)
    t.match(await ok(200, 'POST', base, { State: 'closed' }), { state: 'closed', timers: {} })
    await ok(204, 'DELETE', base)
  }
})

t.test('the official SDK works on it', async t => {
  const { client, world } = await start(t)
  const { sid } = world.openConversation({ participants: [phone] })
  const conversation = client.conversations.v1.conversations(sid)

  t.equal((await conversation.fetch()).state, 'active')
  t.equal((await conversation.participants.list())[0]?.messagingBinding.address, phone.address)
  const message = await conversation.messages.create({ body: 'Hello', author: 'bot' })
  t.same([message.index, message.author, message.accountSid], [0, 'bot', accountSid])
  const hook = await conversation.webhooks.create({
    target: 'webhook',
    'configuration.url': 'http://127.0.0.1:9/hook',
    'configuration.filters': ['onMessageAdded', 'onMessageUpdated'],
    'configuration.method': 'post'
  })
  t.equal(hook.configuration.filters.length, 2)
  t.equal((await conversation.webhooks.list()).length, 1)
  t.equal(await conversation.webhooks(hook.sid).remove(), true)
  await t.rejects(conversation.webhooks(hook.sid).remove(), { status: 404, code: 50360 })
  t.equal((await conversation.update({ state: 'closed' })).state, 'closed')
  await t.rejects(conversation.messages.create({ body: 'more' }), { status: 400, code: 50377 })

  const service = client.conversations.v1.services(world.conversation(sid).serviceSid)
  t.equal((await service.conversations(sid).messages.list())[0]?.chatServiceSid, `IS${uuid}1`)
})

t.test('the SDK pages through long lists in both orders', async t => {
  const { client, world, call } = await start(t)
  const { sid } = world.openConversation({ participants: [phone] })
  for (let index = 0; index < 7; index += 1) world.say(sid, { body: `${index}` })
  const { messages } = client.conversations.v1.conversations(sid)

  const indexes = (list: { index: number }[]) => list.map(({ index }) => index)
  t.same(indexes(await messages.list({ pageSize: 3 })), [0, 1, 2, 3, 4, 5, 6])
  t.same(indexes(await messages.list({ pageSize: 3, order: 'desc' })), [6, 5, 4, 3, 2, 1, 0])
  t.same(indexes(await messages.list({ order: 'desc', limit: 1 })), [6])
  const page = await messages.page({ pageSize: 3 })
  t.same(indexes((await (await page.nextPage())?.previousPage())?.instances ?? []), [0, 1, 2])

  const path = `/Conversations/${sid}/Messages`
  const { meta } = (await call('GET', `${path}?PageSize=500`)).body
  t.match(meta, { page: 0, page_size: 100, next_page_url: null, previous_page_url: null })
  t.match((await call('GET', `${path}?PageSize=3&Page=2`)).body.messages, [{ index: 6 }])
  t.match((await call('GET', `${path}?PageSize=3&PageToken=PT9`)).body.messages, [])
  const hooks = await call('GET', `/Conversations/${sid}/Webhooks?PageSize=20`)
  t.match(hooks.body.meta, { page_size: 5, key: 'webhooks' })
})

t.test('Flex', async t => {
  const { client, world, call, refusal, control } = await start(t)
  const { configuration, interaction } = client.flexApi.v1
  const { taskrouterWorkspaceSid } = await configuration().fetch()
  t.match(taskrouterWorkspaceSid, /^WS[0-9a-f]{32}$/)
  const { sid } = world.openConversation({ participants: [phone] })
  const workflow = `WW${uuid}1`
  const channel = {
    type: 'sms',
    initiated_by: 'api',
    properties: { media_channel_sid: sid }
  }
  const properties = {
    workspace_sid: taskrouterWorkspaceSid,
    workflow_sid: workflow,
    task_channel_unique_name: 'chat',
    attributes: { from: phone.address },
    priority: 3,
    timeout: 60
  }

  await t.test('an interaction hands over a conversation that exists', async t => {
    const made = await interaction.create({ channel, routing: { properties } })
    t.match(made, {
      sid: /^KD/,
      channel: { type: 'sms', sid: /^UO/ },
      routing: { properties: { sid: /^WT/, workflow_sid: workflow, priority: 3, timeout: 60 } },
      links: { channels: /\/v1\/Interactions\/KD\w+\/Channels$/ }
    })
    t.match(JSON.parse(made.routing.properties.attributes), {
      from: phone.address,
      conversationSid: sid,
      flexInteractionSid: made.sid
    })
    const seen = {
      sid: made.sid,
      channelType: 'sms',
      workflowSid: workflow,
      taskChannel: 'chat',
      attributes: { from: phone.address },
      priority: 3,
      timeout: 60
    }
    t.match(world.conversation(sid).interactions, [seen])
    t.match((await control('GET', `/conversations/${sid}`)).body, { interactions: [seen] })
    t.match(world.log.after(0).at(-1), { method: 'POST', path: '/v1/Interactions', status: 200 })
  })

  await t.test('what cannot be routed is refused', async t => {
    const post = (one: object | string = channel, other: object | string = { properties }) => {
      const text = (value: object | string) =>
        typeof value === 'string' ? value : JSON.stringify(value)
      return refusal('POST', '/Interactions', { Channel: text(one), Routing: text(other) })
    }
    const unknown = { ...channel, properties: { media_channel_sid: `CH${uuid}9` } }
    t.equal(await post(unknown), '404 50350')
    t.equal(await post({ ...channel, properties: {} }), '400 20001')
    t.equal(await post({ ...channel, type: 'pigeon' }), '400 20001')
    for (const wrong of [
      { workflow_sid: undefined },
      { workflow_sid: 'WW1' },
      { workspace_sid: `WS${uuid}9` },
      { attributes: 'no JSON' },
      { priority: 'high' }
    ])
      t.equal(await post(channel, { properties: { ...properties, ...wrong } }), '400 20001')
    t.equal(await post('{', { properties }), '400 20001')
    t.equal(await refusal('POST', '/Interactions', {}), '400 20001')
    t.equal(await refusal('POST', '/Interactions', { Channel: '[]' }), '400 20001')
    world.faults.add([{ call: 'POST interactions', status: 503 }])
    t.equal(await post(), '503 20500')
    t.equal(world.conversation(sid).interactions.length, 1)
    await call('POST', `/Conversations/${sid}`, { State: 'closed' })
    t.equal(await post(), '400 50377')
  })
})

type Example = { path: string; method: string; status: number; body: unknown }
type Content = Record<string, { examples?: Record<string, { value: unknown }> }>
type Responses = { responses?: Record<string, { content?: Content }> }

function* examplesIn(document: {
  paths: Record<string, Record<string, Responses>>
}): Generator<Example> {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { responses = {} }] of Object.entries(operations)) {
      for (const [status, { content = {} }] of Object.entries(responses)) {
        const examples = Object.values(content).flatMap(({ examples = {} }) =>
          Object.values(examples)
        )
        for (const { value } of examples)
          yield { path, method, status: Number(status), body: value }
      }
    }
  }
}
