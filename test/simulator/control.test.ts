import t from 'tap'
import { type Form, listen, phone, start } from './start.ts'

const hook = (url: string): Form => ({
  Target: 'webhook',
  'Configuration.Url': url,
  'Configuration.Filters': 'onMessageAdded'
})

t.test('the control API sets up a conversation, shows it and speaks in it', async t => {
  const { call, control } = await start(t)
  const serviceSid = `IS${'a'.repeat(32)}`
  const opened = await control('POST', '/conversations', {
    friendlyName: 'Case 12',
    uniqueName: 'case 12',
    serviceSid,
    attributes: { topic: 'feedback' },
    participants: [phone, { identity: 'agent', attributes: { team: 1 } }]
  })
  t.equal(opened.status, 201)
  const { sid } = opened.body
  t.match(opened.body, {
    serviceSid,
    friendlyName: 'Case 12',
    uniqueName: 'case 12',
    attributes: { topic: 'feedback' },
    state: 'active',
    participants: [
      { identity: null, ...phone, attributes: {} },
      { identity: 'agent', address: null, proxyAddress: null, attributes: { team: 1 } }
    ],
    messages: [],
    webhooks: []
  })
  await call(
    'POST',
    `/Services/${serviceSid}/Conversations/${sid}/Webhooks`,
    hook('http://127.0.0.1:9')
  )

  const say = (saying: object) => control('POST', `/conversations/${sid}/say`, saying)
  const first = await say({ body: 'Hello', attributes: { mood: 'good' } })
  t.equal(first.status, 201)
  t.match(first.body, { index: 0, author: phone.address, attributes: { mood: 'good' }, media: [] })
  t.match((await say({ body: 'I am here', author: 'agent' })).body, { author: 'agent' })
  t.match((await say({ author: phone.address, media: [{ contentType: 'image/png' }] })).body, {
    body: null,
    media: [{ contentType: 'image/png', filename: null, size: 0 }]
  })
  const { body } = await control('GET', `/conversations/${sid}`)
  t.match(body.messages, [first.body, { index: 1 }, { index: 2 }])
  t.match(body.webhooks, [{ target: 'webhook', filters: ['onMessageAdded'], method: 'post' }])
})

t.test('the control API says why it cannot do something', async t => {
  const { call, control, world } = await start(t)
  const { sid } = world.openConversation({ participants: [phone, { identity: 'agent' }] })
  const say = (body: object, to = sid) => control('POST', `/conversations/${to}/say`, body)
  t.match(await say({ body: 'Hi', author: 'ann' }), {
    status: 404,
    body: { code: 50430, details: { participants: [phone, { identity: 'agent' }] } }
  })
  t.match(await say({ body: 'Hi' }, world.openConversation().sid), { status: 404 }, 'nobody there')
  t.match(await say({ body: 'Hi' }, 'CH1'), { status: 404, body: { code: 50350 } })
  t.match(await say({}), { status: 400, body: { code: 50503 } })
  t.match(await say({ text: 'Hi' }), { status: 400, body: { message: /additional properties/ } })
  await call('POST', `/Conversations/${sid}`, { State: 'closed' })
  t.match(await say({ body: 'Hi' }), { status: 409, body: { code: 50377, message: /is closed/ } })
  t.match(await control('POST', '/conversations', { serviceSid: 'IS1' }), { status: 400 })
  t.match(await control('GET', '/conversations/CH1'), { status: 404 })
  const twins = { uniqueName: 'twins', participants: [{ identity: 'ann' }, { identity: 'ann' }] }
  t.match(await control('POST', '/conversations', twins), { status: 409, body: { code: 50433 } })
  t.match(await call('GET', '/Conversations/twins'), { status: 404 }, 'nothing is left half made')
  t.match(await control('GET', '/nothing'), { status: 404, body: { code: 20404 } })
})

t.test('the log holds calls and deliveries in order', async t => {
  const { call, control, world, idle } = await start(t)
  const { url } = await listen(t)
  const { sid } = world.openConversation({ participants: [phone] })
  await call('POST', `/Conversations/${sid}/Webhooks`, hook(url))
  world.say(sid, { body: 'Hello' })
  await idle()
  await call('GET', `/Conversations/${sid}/Messages?Order=desc`)
  await call('POST', `/Conversations/${sid}/Messages`, { Author: 'bot' })

  const { body } = await control('GET', '/log')
  t.match(body, {
    last: 4,
    entries: [
      { number: 1, type: 'call', method: 'POST', status: 201, form: { Target: 'webhook' } },
      { number: 2, type: 'delivery', event: 'onMessageAdded', url, status: 200, ms: Number },
      { number: 3, path: `/v1/Conversations/${sid}/Messages?Order=desc`, code: null },
      { number: 4, method: 'POST', form: { Author: 'bot' }, status: 400, code: 50503 }
    ]
  })
  t.same((await control('GET', '/log?after=3')).body, { entries: body.entries.slice(3), last: 4 })
  t.equal((await control('GET', '/log?after=x')).status, 400)
})

t.test('the log keeps the newest entries only', async t => {
  const { call, world } = await start(t, { logSize: 3 })
  for (let count = 0; count < 5; count += 1) await call('GET', '/Services')
  const numbers = (after: number) => world.log.after(after).map(({ number }) => number)
  t.same(numbers(0), [3, 4, 5])
  t.same(numbers(4), [5])
  t.same(numbers(9), [])
})

t.test('a reset forgets everything, and nothing gets the same SID again', async t => {
  const { call, control, world, idle } = await start(t, { now: () => 1 })
  const { received, url } = await listen(t)
  const before = world.openConversation({ participants: [phone] })
  await call('POST', `/Conversations/${before.sid}/Webhooks`, hook(url))
  const faults = [
    { call: 'GET services', status: 500 },
    { call: 'WEBHOOK onMessageAdded', delay: 60_000 }
  ]
  t.equal((await control('POST', '/faults', faults)).status, 204)
  world.say(before.sid, { body: 'Hello' })
  t.equal((await control('POST', '/reset')).status, 204)
  await idle()
  t.same(received, [], 'what had not been sent stays unsent')
  t.same(world.log.after(0), [])
  t.equal((await call('GET', '/Services')).status, 200)
  t.match(await call('GET', `/Conversations/${before.sid}`), { status: 404 })
  const after = world.openConversation({ participants: [phone] })
  t.not(after.sid, before.sid)
})

t.test('a fault fails the next calls of its kind, and only these', async t => {
  const { call, control, world } = await start(t)
  const { sid } = world.openConversation({ participants: [phone] })
  const path = `/Conversations/${sid}/Messages`
  const busy = { call: 'POST messages', status: 429, retryAfter: 7, times: 2 }
  await control('POST', '/faults', [busy, { call: 'POST conversations', status: 409, code: 50391 }])
  t.equal((await call('GET', path)).status, 200)
  for (let count = 0; count < 2; count += 1) {
    const answer = await call('POST', path, { Body: 'Hello' })
    t.match(answer, { status: 429, body: { code: 20429, status: 429 } })
    t.equal(answer.headers.get('retry-after'), '7')
  }
  t.equal((await call('POST', path, { Body: 'Hello' })).status, 201)
  t.equal(world.conversation(sid).messages.length, 1, 'the others were not processed')
  const update = { FriendlyName: 'Case' }
  t.match(await call('POST', `/Conversations/${sid}`, update), {
    status: 409,
    body: { code: 50391 }
  })

  world.faults.add([{ call: 'delete webhooks', status: 503, message: 'Down' }])
  t.equal((await control('DELETE', '/faults')).status, 204)
  t.equal((await call('DELETE', `/Conversations/${sid}/Webhooks/WH1`)).status, 400, 'taken back')
  t.equal((await control('POST', '/faults', [{ call: 'messages', status: 500 }])).status, 400)
})

t.test('a fault may strike after the work was done', async t => {
  const { call, world } = await start(t)
  const { sid } = world.openConversation({ participants: [phone] })
  const path = `/Conversations/${sid}`
  world.faults.add([
    { call: 'POST messages', status: 502, after: true },
    { call: 'POST messages', drop: true, after: true },
    { call: 'POST messages', drop: true },
    { call: 'DELETE conversations', status: 500, after: true, message: 'Too bad', retryAfter: 1 }
  ])
  const failed = await call('POST', `${path}/Messages`, { Body: 'one' })
  t.match(failed, { status: 502, body: { code: 20500 } })
  await t.rejects(call('POST', `${path}/Messages`, { Body: 'two' }), 'the connection is cut')
  await t.rejects(call('POST', `${path}/Messages`, { Body: 'three' }))
  t.same(
    world.conversation(sid).messages.map(({ body }) => body),
    ['one', 'two']
  )
  t.match(
    world.log.after(0).map(entry => entry.status),
    [502, null, null]
  )
  t.match(await call('DELETE', path), { status: 500, body: { message: 'Too bad' } })
  t.throws(() => world.conversation(sid), { code: 50350 }, 'an empty answer can fail, too')
})

t.test('an answer can come late, or too late', async t => {
  const { app, call, world } = await start(t)
  world.faults.add([
    { call: 'GET services', delay: 5 },
    { call: 'GET services', delay: 60_000 }
  ])
  t.equal((await call('GET', '/Services')).status, 200)
  await t.rejects(call('GET', '/Services', undefined, {}, AbortSignal.timeout(20)))
  await app.close()
  t.pass('which does not keep the simulator from closing')
})

t.test('webhook calls can be lost, repeated and overtaken', async t => {
  const { call, world, idle } = await start(t)
  const { received, url } = await listen(t)
  const { sid } = world.openConversation({ participants: [phone] })
  await call('POST', `/Conversations/${sid}/Webhooks`, hook(url))
  world.faults.add([
    { call: 'WEBHOOK onMessageAdded', drop: true },
    { call: 'WEBHOOK onMessageAdded', copies: 2 },
    { call: 'WEBHOOK onMessageAdded', delay: 30 }
  ])
  for (const body of ['lost', 'twice', 'late', 'last']) world.say(sid, { body })
  await idle()
  t.same(
    received.map(({ params }) => params.Body),
    ['twice', 'twice', 'last', 'late']
  )
  const tokens = received.map(({ headers }) => headers['i-twilio-idempotency-token'])
  t.equal(tokens[0], tokens[1], 'a copy is recognisable')
  t.equal(new Set(tokens).size, 3)
  const lost = world.log.after(0).find(entry => entry.type === 'delivery')
  t.match(lost, { status: null, error: 'lost on request', params: { Body: 'lost' } })
})
