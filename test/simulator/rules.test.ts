import t from 'tap'
import { accountSid, authToken, type Form, phone, start } from './start.ts'

const zeros = '0'.repeat(32)

t.test('nobody gets in without credentials', async t => {
  const { origin, call } = await start(t, { apiKeys: { SK1: 'secret' } })
  const status = async (user: string, password: string) => {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
    return (await call('GET', '/Conversations', undefined, { authorization })).status
  }
  t.equal(await status(accountSid, authToken), 200)
  t.equal(await status('SK1', 'secret'), 200, 'an API key is as good as the token')
  t.equal(await status(accountSid, 'wrong'), 401)
  const anonymous = await fetch(`${origin}/v1/Conversations`)
  t.equal(anonymous.headers.get('www-authenticate'), 'Basic realm="Twilio API"')
  t.same(await anonymous.json(), {
    code: 20003,
    message: 'Authenticate',
    more_info: 'https://www.twilio.com/docs/errors/20003',
    status: 401
  })
})

t.test('what does not exist answers 404', async t => {
  const { refusal, world } = await start(t)
  const { sid } = world.openConversation()
  const base = `/Conversations/${sid}`
  t.equal(await refusal('GET', '/nothing'), '404 20404')
  t.equal(await refusal('GET', `/conversations/${sid}`), '404 20404', 'paths are case-sensitive')
  t.equal(await refusal('GET', `/Services/IS${zeros}`), '404 50050')
  t.equal(await refusal('GET', `/Services/IS${zeros}/Conversations/${sid}`), '404 50050')
  t.equal(await refusal('GET', '/Conversations/nobody'), '404 50350')
  t.equal(await refusal('POST', '/Conversations/nobody/Messages', { Body: 'x' }), '404 50350')
  t.equal(await refusal('GET', `${base}/Participants/MB${zeros}`), '404 50432')
  t.equal(await refusal('GET', `${base}/Messages/IM${zeros}`), '404 50500')
  t.equal(await refusal('DELETE', `${base}/Webhooks/WH${zeros}`), '404 50360')
  t.equal(await refusal('DELETE', `${base}/Webhooks/WH1`), '400 50363')
})

t.test('a conversation belongs to one service', async t => {
  const { call, refusal, world } = await start(t)
  const serviceSid = `IS${'1'.repeat(32)}`
  const elsewhere = world.openConversation({ serviceSid, uniqueName: 'case 1' })
  const here = world.openConversation({ uniqueName: 'case 1' })
  t.equal(await refusal('GET', `/Conversations/${elsewhere.sid}`), '404 50350')
  t.equal(await refusal('GET', `/Services/${serviceSid}/Conversations/${here.sid}`), '404 50350')
  const found = await call('GET', `/Services/${serviceSid}/Conversations/case%201`)
  t.equal(found.body.sid, elsewhere.sid, 'unique names are unique in a service only')
  const byDefault = await call('GET', `/Services/${here.serviceSid}/Conversations/case%201`)
  t.equal(byDefault.body.sid, here.sid, 'the default service has a SID, too')
})

t.test('a conversation is only made of what Twilio takes', async t => {
  const { call, refusal } = await start(t)
  const create = (form: Form) => refusal('POST', '/Conversations', form)
  t.equal(await create({ State: 'closed' }), '400 50384')
  t.equal(await create({ State: 'open' }), '400 50378')
  t.equal(await create({ State: '' }), '400 50374')
  t.equal(await create({ 'Timers.Closed': 'PT1H' }), '400 50382', 'timers need a state')
  const timer = (name: string, value: string) =>
    create({ State: 'active', [`Timers.${name}`]: value })
  t.equal(await timer('Inactive', 'PT59S'), '400 50375')
  t.equal(await timer('Closed', 'PT9M'), '400 50376')
  t.equal(await timer('Inactive', 'P1M'), '400 50379', 'months are no duration')
  t.equal(await timer('Closed', 'tomorrow'), '400 50380')
  t.equal(await create({ Attributes: '{' }), '400 20001')
  t.equal(await create({ Attributes: `"${'x'.repeat(16_383)}"` }), '400 20001')
  t.equal(await create({ FriendlyName: 'x'.repeat(257) }), '400 20001')
  t.equal(await create({ FriendlyName: ['one', 'two'] }), '400 20001')
  t.equal(await create({ MessagingServiceSid: 'MG1' }), '400 20001')
  t.equal(await create({ DateCreated: 'now' }), '400 20001')

  const first = await call('POST', '/Conversations', {
    UniqueName: 'case',
    DateCreated: '2020-01-02'
  })
  t.equal(first.body.date_created, '2020-01-02T00:00:00Z')
  t.equal(await create({ UniqueName: 'case' }), '409 50353')
  const path = `/Conversations/${first.body.sid}`
  t.equal(await refusal('POST', path, {}), '400 20161', 'an update must say something')
  t.match(await call('POST', path, { UniqueName: 'file' }), { body: { unique_name: 'file' } })
  t.equal((await call('POST', '/Conversations', { UniqueName: 'case' })).status, 201, 'free again')
  t.match(await call('POST', path, { UniqueName: '' }), { body: { unique_name: null } })
  t.equal(await refusal('GET', '/Conversations/file'), '404 50350')
})

t.test('conversations are listed by state and date', async t => {
  const { call } = await start(t)
  await call('POST', '/Conversations', { FriendlyName: 'old', DateCreated: '2020-01-01' })
  await call('POST', '/Conversations', { FriendlyName: 'new', State: 'inactive' })
  const names = async (query: string) => {
    const { body } = await call('GET', `/Conversations${query}`)
    return (body.conversations as { friendly_name: string }[]).map(each => each.friendly_name)
  }
  t.same(await names(''), ['old', 'new'])
  t.same(await names('?State=inactive'), ['new'])
  t.same(await names('?EndDate=2021-01-01'), ['old'])
  t.same(await names('?StartDate=2021-01-01'), ['new'])
})

t.test('a closed conversation stays as it is', async t => {
  const { call, refusal, world } = await start(t)
  const { sid } = world.openConversation({ participants: [phone, { identity: 'agent' }] })
  const base = `/Conversations/${sid}`
  const hook = {
    'Configuration.Url': 'http://127.0.0.1:9',
    'Configuration.Filters': 'onMessageAdded'
  }
  const webhook = await call('POST', `${base}/Webhooks`, { Target: 'webhook', ...hook })
  const message = await call('POST', `${base}/Messages`, { Body: 'Hello' })
  const [participant] = world.conversation(sid).participants
  await call('POST', base, { State: 'closed' })

  const changes: [string, Form][] = [
    ['', { State: 'active' }],
    ['', { State: 'closed' }],
    ['/Messages', { Body: 'more' }],
    [`/Messages/${message.body.sid}`, { Body: 'more' }],
    ['/Participants', { Identity: 'other' }],
    [`/Participants/${participant?.sid}`, { Attributes: '{}' }],
    ['/Webhooks', { Target: 'webhook', ...hook }],
    [`/Webhooks/${webhook.body.sid}`, { 'Configuration.Method': 'get' }]
  ]
  for (const [path, form] of changes) {
    t.equal(await refusal('POST', base + path, form), '400 50377', `POST ${path}`)
  }
  for (const path of ['', '/Messages', '/Participants', '/Webhooks']) {
    t.equal((await call('GET', base + path)).status, 200, `GET ${path}`)
  }
  t.equal((await call('DELETE', `${base}/Webhooks/${webhook.body.sid}`)).status, 204)
})

t.test('a number pair is bound in one open conversation at a time', async t => {
  const { call, refusal, world } = await start(t)
  const first = world.openConversation({ participants: [phone] })
  const { sid } = world.openConversation()
  const participants = `/Conversations/${sid}/Participants`
  const pair = {
    'MessagingBinding.Address': phone.address,
    'MessagingBinding.ProxyAddress': phone.proxyAddress
  }
  t.equal(await refusal('POST', participants, pair), '409 50416')
  t.equal(
    (await call('POST', participants, { ...pair, 'MessagingBinding.ProxyAddress': '+1555999' }))
      .status,
    201
  )
  await call('DELETE', `${participants}/${world.conversation(sid).participants[0]?.sid}`)

  await call('POST', `/Conversations/${first.sid}`, { State: 'closed' })
  const bound = await call('POST', participants, pair)
  t.equal(bound.status, 201, 'closing frees it')
  await call('DELETE', `/Conversations/${first.sid}/Participants/${first.participants[0]?.sid}`)
  t.throws(() => world.openConversation({ participants: [phone] }), { code: 50416 }, 'still held')

  const other = { 'MessagingBinding.ProxyAddress': '+15550003333' }
  t.equal((await call('POST', `${participants}/${bound.body.sid}`, other)).status, 200)
  const third = world.openConversation({ participants: [phone] })
  t.ok(third.sid, 'moving to another proxy address frees it')
  t.equal(await refusal('POST', `${participants}/${bound.body.sid}`, pair), '409 50416')
  await call('DELETE', `/Conversations/${third.sid}`)
  t.equal(
    (await call('POST', `${participants}/${bound.body.sid}`, pair)).status,
    200,
    'so does deleting'
  )
})

t.test('participants are phones or chat users, once each', async t => {
  const { call, refusal, world } = await start(t)
  const { sid } = world.openConversation()
  const path = `/Conversations/${sid}/Participants`
  const binding = (address: string, proxy?: string) => ({
    'MessagingBinding.Address': address,
    ...(proxy ? { 'MessagingBinding.ProxyAddress': proxy } : {})
  })
  t.equal(await refusal('POST', path, {}), '400 20001')
  t.equal(await refusal('POST', path, binding('nobody', '+15550001111')), '400 50407')
  t.equal(await refusal('POST', path, binding('+15550001111', 'us')), '400 50408')
  t.equal(await refusal('POST', path, binding('+15550001111', '+15550001111')), '400 50409')
  t.equal(await refusal('POST', path, { Identity: 'ann', Attributes: '[' }), '400 20001')
  t.equal(
    await refusal('POST', path, { Identity: 'ann', Attributes: `"${'x'.repeat(4_095)}"` }),
    '400 20001'
  )

  await call('POST', path, { Identity: 'ann' })
  t.equal(await refusal('POST', path, { Identity: 'ann' }), '409 50433')
  const bob = await call('POST', path, { Identity: 'bob' })
  t.equal(await refusal('POST', `${path}/${bob.body.sid}`, { Identity: 'ann' }), '409 50433')
  t.equal(await refusal('POST', `${path}/${bob.body.sid}`, {}), '400 20161')

  const whatsapp = await call(
    'POST',
    path,
    binding('whatsapp:+15550001111', 'whatsapp:+15550002222')
  )
  t.match(whatsapp.body.messaging_binding, { type: 'whatsapp', address: 'whatsapp:+15550001111' })
  const groupPhone = await call('POST', path, binding('+15550004444'))
  t.same(groupPhone.body.messaging_binding, { type: 'sms', address: '+15550004444' })
  const groupChat = await call('POST', path, {
    Identity: 'cleo',
    'MessagingBinding.ProjectedAddress': '+15550005555'
  })
  t.same(groupChat.body.messaging_binding, { type: 'sms', projected_address: '+15550005555' })
})

t.test('messages have a body or media, within limits', async t => {
  const { call, refusal, world } = await start(t)
  const ann = world.openConversation({ participants: [{ identity: 'ann' }] })
  const chat = `/Conversations/${ann.sid}/Messages`
  const sms = `/Conversations/${world.openConversation({ participants: [phone] }).sid}/Messages`
  t.equal(await refusal('POST', chat, {}), '400 50503')
  t.equal(await refusal('POST', chat, { Body: '' }), '400 50503')
  t.equal((await call('POST', chat, { Body: 'x'.repeat(1_601) })).status, 201)
  t.equal(await refusal('POST', sms, { Body: 'x'.repeat(1_601) }), '400 50504')
  t.equal(await refusal('POST', chat, { Body: 'x'.repeat(32_769) }), '400 50504')
  t.equal(await refusal('POST', chat, { Body: 'x', Attributes: 'text' }), '400 20001')
  t.equal(
    await refusal('POST', chat, { Body: 'x', Attributes: `"${'x'.repeat(4_095)}"` }),
    '400 20001'
  )
  t.equal(
    (await call('POST', chat, { Body: 'x', Attributes: `"${'x'.repeat(4_094)}"` })).status,
    201
  )
  t.equal(
    await refusal('POST', chat, { ContentSid: `HX${zeros}`, ContentVariables: '{' }),
    '400 20001'
  )
  t.equal(await refusal('GET', `${chat}?Order=up`), '400 20001')
  t.equal(await refusal('GET', `${chat}?PageSize=0`), '400 20001')
  t.equal(await refusal('GET', `${chat}?PageToken=mine`), '400 20001')
  t.equal(await refusal('POST', `${chat}/IM${zeros}`, { Body: 'x' }), '404 50500')
})

t.test('the index goes on counting when messages are removed', async t => {
  const { call, world } = await start(t)
  const { sid } = world.openConversation({ participants: [phone] })
  const { sid: first } = world.say(sid, { body: 'one' })
  await call('DELETE', `/Conversations/${sid}/Messages/${first}`)
  t.equal(world.say(sid, { body: 'two' }).index, 1)
})

t.test('five webhooks fit on a conversation', async t => {
  const { call, refusal, world } = await start(t)
  const path = `/Conversations/${world.openConversation().sid}/Webhooks`
  const url = 'https://example.com/hook'
  const webhook = {
    Target: 'webhook',
    'Configuration.Url': url,
    'Configuration.Filters': 'onMessageAdded'
  }
  const trigger = {
    Target: 'trigger',
    'Configuration.Url': url,
    'Configuration.Triggers': ['stop', 'help']
  }
  const studio = { Target: 'studio', 'Configuration.FlowSid': `FW${zeros}` }
  for (const form of [webhook, webhook, webhook, trigger, studio]) {
    t.equal((await call('POST', path, form)).status, 201)
  }
  t.equal(await refusal('POST', path, webhook), '400 50361')
  const webhooks = (await call('GET', path)).body.webhooks as { sid: string }[]
  await call('DELETE', `${path}/${webhooks[0]?.sid}`)
  t.equal((await call('POST', path, webhook)).status, 201, 'a removed one makes room')
})

t.test('a webhook is checked when it is made and when it is changed', async t => {
  const { call, refusal, world } = await start(t)
  const path = `/Conversations/${world.openConversation().sid}/Webhooks`
  const good = {
    Target: 'webhook',
    'Configuration.Url': `https://example.com/${'x'.repeat(492)}`,
    'Configuration.Filters': 'onMessageAdded'
  }
  const { Target, 'Configuration.Url': url, 'Configuration.Filters': filters } = good
  t.equal(url.length, 512)
  const made = await call('POST', path, good)
  t.equal(made.status, 201, 'a URL of 512 characters')
  const create = (form: Form) => refusal('POST', path, form)
  t.equal(await create({ ...good, 'Configuration.Url': `${url}x` }), '400 50372')
  t.equal(await create({ Target, 'Configuration.Filters': filters }), '400 50369')
  t.equal(await create({ Target, 'Configuration.Url': url }), '400 50370')
  t.equal(await create({ ...good, 'Configuration.Url': 'ftp://example.com' }), '400 20001')
  t.equal(
    await create({ ...good, 'Configuration.Filters': ['onMessageAdded', 'onMessageAdd'] }),
    '400 50365'
  )
  t.equal(await create({ ...good, 'Configuration.Method': 'put' }), '400 50055')
  t.equal(await create({ ...good, Target: 'email' }), '400 50364')
  t.equal(await create({ 'Configuration.Url': url }), '400 50368')
  t.equal(await create({ ...good, 'Configuration.ReplayAfter': 'start' }), '400 20001')
  t.equal(await create({ Target: 'studio' }), '400 50367')
  const trigger = { Target: 'trigger', 'Configuration.Url': url }
  t.equal(await create(trigger), '400 50371')
  t.equal(await create({ ...trigger, 'Configuration.Triggers': [...'abcdef'] }), '400 50362')
  t.equal(await create({ ...trigger, 'Configuration.Triggers': 'x'.repeat(249) }), '400 50366')

  const change = (form: Form) => refusal('POST', `${path}/${made.body.sid}`, form)
  t.equal(await change({ 'Configuration.ReplayAfter': 0 }), '400 20001')
  t.equal(await change({ 'Configuration.Url': `${url}x` }), '400 50372')
  t.equal(await change({ 'Configuration.Filters': 'onMessageSent' }), '400 50365')
  t.equal(await change({}), '400 20161')
})

t.test('timers move a conversation when their time has come', async t => {
  let now = Date.parse('2026-01-02T03:04:05.678Z')
  const { call, world } = await start(t, { now: () => now })
  const minute = 60_000
  const { sid } = world.openConversation({ participants: [phone] })
  const path = `/Conversations/${sid}`
  const timers = { 'Timers.Inactive': 'PT1M', 'Timers.Closed': 'PT10M' }
  const set = await call('POST', path, timers)
  const [date_inactive, date_closed] = ['2026-01-02T03:05:05Z', '2026-01-02T03:14:05Z']
  t.same(set.body.timers, { date_inactive, date_closed })

  now += minute
  t.match((await call('GET', path)).body, { state: 'inactive', timers: { date_closed } })
  world.say(sid, { body: 'Still here' })
  t.equal(world.conversation(sid).state, 'active', 'a message wakes it')
  now += 9 * minute
  t.match((await call('GET', path)).body, { timers: { date_closed: '2026-01-02T03:15:05Z' } })
  now += minute
  t.equal(world.conversation(sid).state, 'closed')
  t.ok(world.openConversation({ participants: [phone] }), 'and its number pair is free')

  const other = world.openConversation({ participants: [{ identity: 'ann' }] })
  await call('POST', `/Conversations/${other.sid}`, timers)
  const off = { 'Timers.Inactive': 'PT0S', 'Timers.Closed': 'PT0S' }
  t.same((await call('POST', `/Conversations/${other.sid}`, off)).body.timers, {})
})

t.test('only forms are understood', async t => {
  const { origin, world } = await start(t)
  const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`
  const url = `${origin}/v1/Conversations/${world.openConversation().sid}/Messages`
  const headers = { authorization, 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: '{"Body":"Hello"}' })
  t.match(await answer.json(), { code: 20001, status: 415 })
})
