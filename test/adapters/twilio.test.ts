import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { watchStandstills } from '../../src/adapters/system/standstills.ts'
import { makeClient } from '../../src/adapters/twilio/client.ts'
import { makeConversations } from '../../src/adapters/twilio/conversations.ts'
import { type HttpClientOptions, makeHttpClient } from '../../src/adapters/twilio/http-client.ts'
import { markerIn, withMarker, withoutMarker } from '../../src/adapters/twilio/marker.ts'
import { type Attempt, pauseBeforeRetry } from '../../src/adapters/twilio/retry.ts'
import { makeFormSigner, makeSignatureCheck } from '../../src/adapters/twilio/signature.ts'
import { makeWriteQueue } from '../../src/adapters/twilio/write-queue.ts'
import type { Failure } from '../../src/engine/effect.ts'
import { CallFailed } from '../../src/runtime/errors.ts'

const accountSid = `AC${'0'.repeat(31)}1`
const conversationSid = `CH${'1'.repeat(32)}`
const conversation = { conversationSid, serviceSid: null }
const effectId = 'FN1:2:0'

t.test('what is safe to repeat is repeated, after a pause, and nothing else', async t => {
  const attempt: Attempt = {
    method: 'POST',
    status: null,
    code: null,
    retryAfterSeconds: null,
    notConnected: false
  }
  const table: [string, Partial<Attempt>, number, number | null][] = [
    ['too many requests', { status: 429 }, 1, 250],
    ['too many requests, for the twentieth time', { status: 429 }, 20, 15_000],
    ['too many requests, with a Retry-After', { status: 429, retryAfterSeconds: 7 }, 1, 7000],
    [
      'too many requests, with a shorter Retry-After',
      { status: 429, retryAfterSeconds: 1 },
      9,
      15_000
    ],
    ['too many requests, with an absurd one', { status: 429, retryAfterSeconds: 1e9 }, 1, 300_000],
    ['a rate limit under another status', { status: 400, code: 50063 }, 1, 250],
    ['no connection', { notConnected: true }, 3, 1000],
    ['no connection for long', { notConnected: true }, 10, null],
    ['two writers who met', { status: 409, code: 50391 }, 2, 500],
    ['two writers who keep meeting', { status: 409, code: 50391 }, 5, null],
    ['a GET without an answer', { method: 'GET' }, 1, 250],
    ['a GET after a server error', { method: 'GET', status: 503 }, 4, 2000],
    ['a GET after too many server errors', { method: 'GET', status: 503 }, 5, null],
    ['a DELETE without an answer', { method: 'DELETE' }, 1, 250],
    ['a DELETE after a server error', { method: 'DELETE', status: 500 }, 1, 250],
    ['a POST without an answer', {}, 1, null],
    ['a POST after a server error', { status: 500 }, 1, null],
    [
      'a POST after a server error with a Retry-After',
      { status: 503, retryAfterSeconds: 1 },
      1,
      null
    ],
    ['a refusal', { method: 'GET', status: 404, code: 20404 }, 1, null],
    ['wrong credentials', { method: 'DELETE', status: 401, code: 20003 }, 1, null],
    ['a redirect', { method: 'GET', status: 302 }, 1, null],
    ['success', { method: 'GET', status: 200 }, 1, null]
  ]
  for (const [name, change, attempts, expected] of table) {
    t.equal(
      pauseBeforeRetry({ ...attempt, ...change }, attempts, () => 1),
      expected,
      name
    )
  }
  t.equal(
    pauseBeforeRetry({ ...attempt, status: 429 }, 1, () => 0),
    125,
    'half of it is chance'
  )
})

t.test('a connection that is refused is tried again, and was certainly not used', async t => {
  const { origin, close } = await twilioOf(t)
  await close()
  const pauses: number[] = []
  const twilio = conversations(t, { baseUrl: origin, pauses })
  const failure = await failureOf(twilio.send(message, effectId))
  t.match(failure, {
    outcome: 'refused',
    status: null,
    message: /^No answer from Twilio \(POST http/
  })
  t.equal(pauses.length, 9)
})

t.test('a connection that breaks leaves a POST in doubt, and a GET is tried again', async t => {
  const breaks: Answer = (_, response) => response.destroy()
  const { origin, received } = await twilioOf(t, ...Array(6).fill(breaks))
  const twilio = conversations(t, { baseUrl: origin })
  t.match(await failureOf(twilio.send(message, effectId)), { outcome: 'unknown', status: null })
  t.equal(received.length, 1)
  t.match(await failureOf(twilio.fetch(conversation)), {
    outcome: 'unknown',
    message: new RegExp(
      `^No answer from Twilio \\(GET ${origin}/v1/Conversations/${conversationSid}\\)`
    )
  })
  t.equal(received.length, 6)
})

t.test('no answer in time leaves a POST in doubt', async t => {
  const never: Answer = () => {}
  const half: Answer = (_, response) => response.writeHead(201).write('{"sid":')
  const { origin, received } = await twilioOf(t, never, half)
  const twilio = conversations(t, { baseUrl: origin, timeoutMs: 80 })
  for (const count of [1, 2]) {
    const failure = await failureOf(twilio.send(message, effectId))
    t.match(failure, { outcome: 'unknown', status: null, message: /^No answer from Twilio/ })
    t.equal(received.length, count)
  }
})

t.test(
  'a server error on a POST leaves it in doubt, even when a proxy says so in HTML',
  async t => {
    const { origin, received } = await twilioOf(t, html(502))
    const failure = await failureOf(conversations(t, { baseUrl: origin }).send(message, effectId))
    t.match(failure, {
      outcome: 'unknown',
      status: 502,
      code: null,
      message: /^Twilio answered 502/
    })
    t.equal(received.length, 1)
  }
)

t.test('a GET outlasts a few server errors', async t => {
  const pauses: number[] = []
  const { origin } = await twilioOf(t, html(502), html(503), json(200, conversationAnswer))
  const twilio = conversations(t, { baseUrl: origin, pauses })
  t.match(await twilio.fetch(conversation), { sid: conversationSid, state: 'active' })
  t.same(pauses, [250, 500])
})

t.test('a redirect is not followed, and says what to look at', async t => {
  const elsewhere: Answer = (_, response) =>
    response.writeHead(302, { location: 'https://login.example/' }).end()
  const { origin, received } = await twilioOf(t, elsewhere, elsewhere)
  const twilio = conversations(t, { baseUrl: origin })
  for (const asked of [twilio.fetch(conversation), twilio.send(message, effectId)]) {
    t.match(await failureOf(asked), {
      outcome: 'refused',
      status: 302,
      message: /was redirected \(302\) to https:\/\/login\.example\/; check TWILIO_API_BASE_URL$/
    })
  }
  t.equal(received.length, 2)
})

t.test('a refusal tells status, code and text', async t => {
  const body = { code: 50504, message: 'Too long', more_info: 'x', status: 400 }
  const { origin } = await twilioOf(t, json(400, body))
  const failure = await failureOf(conversations(t, { baseUrl: origin }).send(message, effectId))
  const text = 'Twilio answered 400 (50504): Too long'
  t.same(failure, { outcome: 'refused', status: 400, code: 50504, message: text })
})

t.test('a refusal in the shape of RFC 9457 tells its code and title', async t => {
  const body = { type: 'https://www.twilio.com/docs', title: 'Too long', status: 400, code: 50504 }
  const { origin } = await twilioOf(t, json(400, body))
  const failure = await failureOf(conversations(t, { baseUrl: origin }).send(message, effectId))
  const text = 'Twilio answered 400 (50504): [HTTP 400] Too long'
  t.same(failure, { outcome: 'refused', status: 400, code: 50504, message: text })
})

t.test('an answer without end is not read to its end', async t => {
  const endless: Answer = (_, response) => {
    const write = () => response.destroyed || response.write('x'.repeat(1e6), write)
    write()
  }
  const { origin, received } = await twilioOf(t, endless)
  const failure = await failureOf(conversations(t, { baseUrl: origin }).send(message, effectId))
  t.match(failure, { outcome: 'unknown', status: null, message: /exceeded max size/ })
  t.equal(received.length, 1)
})

t.test('an answer that comes in pieces is put together, whatever they cut through', async t => {
  const bytes = Buffer.from(JSON.stringify(messageAnswer(0, 'Grüße', '{}')))
  const cut = bytes.indexOf('ü') + 1
  const inPieces: Answer = (_, response) => {
    response.write(bytes.subarray(0, cut), () =>
      setImmediate(() => response.end(bytes.subarray(cut)))
    )
  }
  const { origin } = await twilioOf(t, inPieces)
  t.match(await conversations(t, { baseUrl: origin }).send(message, effectId), { body: 'Grüße' })
})

t.test('an answer that is not of Twilio leaves a POST in doubt', async t => {
  const { origin } = await twilioOf(t, html(200))
  t.match(await failureOf(conversations(t, { baseUrl: origin }).send(message, effectId)), {
    outcome: 'unknown'
  })
})

t.test('Retry-After is honoured, and a date in it is not misread', async t => {
  const pauses: number[] = []
  const busy = (retryAfter: string) =>
    json(429, { code: 20429, message: 'Too many requests' }, { 'retry-after': retryAfter })
  const { origin, received } = await twilioOf(
    t,
    busy('3'),
    busy('Sun, 22 Nov 2026 13:00:00 GMT'),
    json(201, messageAnswer(4, 'Hello', '{}'))
  )
  const twilio = conversations(t, { baseUrl: origin, pauses })
  t.match(await twilio.send(message, effectId), { index: 4 })
  t.same(pauses, [3000, 500])
  t.equal(new Set(received.map(({ body }) => body)).size, 1, 'the same request each time')
})

t.test('a message carries its effect beside the attributes of its author', async t => {
  const sent = withMarker('{"tone":"warm"}', effectId)
  const { origin, received } = await twilioOf(t, json(201, messageAnswer(0, 'Hello', sent)))
  const answer = await conversations(t, { baseUrl: origin }).send(
    { ...message, attributes: '{"tone":"warm"}' },
    effectId
  )
  const form = new URLSearchParams(received[0]?.body)
  t.same(JSON.parse(form.get('Attributes') ?? ''), { tone: 'warm', reprise: { effect: effectId } })
  t.same([...form.keys()].sort(), ['Attributes', 'Author', 'Body'])
  t.same(answer, {
    sid: 'IM0',
    conversationSid,
    index: 0,
    author: 'ada',
    body: 'Hello',
    attributes: '{"tone":"warm"}',
    participantSid: null,
    dateCreated: '2026-11-22T12:00:00Z'
  })

  for (const attributes of [
    null,
    undefined,
    '',
    '[]',
    '"text"',
    'null',
    'broken',
    '{"reprise":1}'
  ]) {
    t.equal(markerIn(attributes), null, `${attributes} has none`)
    t.equal(withoutMarker(attributes), '{}')
    t.equal(markerIn(withMarker(attributes ?? null, effectId)), effectId)
  }
})

t.test("the author's attributes stay as they were written, whatever is in them", async t => {
  for (const own of [
    '{"order":12345678901234567890,"price":1.10}',
    ' { "ü": "\\u00fc }" } ',
    '{"nested":{"reprise":{"effect":"not ours"}},"list":[1,{}]}'
  ]) {
    const marked = withMarker(own, effectId)
    t.ok(marked.startsWith(own.trim().slice(0, -1)), marked)
    t.same(JSON.parse(marked), { ...JSON.parse(own), reprise: { effect: effectId } })
    t.equal(markerIn(marked), effectId)
    t.same(JSON.parse(withoutMarker(marked)), JSON.parse(own))
  }
  for (const own of ['{}', ' { } ', '{"reprise":{"effect":"another","more":1}}'])
    t.equal(withMarker(own, effectId), `{"reprise":{"effect":"${effectId}"}}`)
})

t.test('attributes that leave no room for the effect are refused, with a reason', async t => {
  const { origin, received } = await twilioOf(t, json(201, messageAnswer(0, 'Hello', '{}')))
  const twilio = conversations(t, { baseUrl: origin })
  const marker = `,"reprise":{"effect":"${effectId}"}`.length
  /** `ü` is one character and two bytes. */
  const ofBytes = (bytes: number) => `{"text":"ü${'x'.repeat(bytes - 13)}"}`
  await twilio.send({ ...message, attributes: ofBytes(4096 - marker) }, effectId)
  const attributes = new URLSearchParams(received[0]?.body).get('Attributes') ?? ''
  t.equal(Buffer.byteLength(attributes), 4096)
  const failure = await failureOf(
    twilio.send({ ...message, attributes: ofBytes(4097 - marker) }, effectId)
  )
  t.match(failure, { outcome: 'refused', code: null })
  t.match(
    failure.message,
    new RegExp(`^The attributes have 4097 bytes, of which ${marker} are added`)
  )
  t.equal(received.length, 1, 'Twilio is not even asked')
})

t.test('every page is read, wherever Twilio says that the next one is', async t => {
  const next = `https://conversations.twilio.com/v1/Conversations/${conversationSid}/Participants?PageSize=100&Page=1&PageToken=PT100`
  const { origin, received } = await twilioOf(
    t,
    page('participants', [participant(1), participant(2)], next),
    page('participants', [participant(3)])
  )
  const twilio = conversations(t, { baseUrl: `${origin}/proxy/twilio/` })
  const participants = await twilio.participants(conversation)
  t.same(
    participants.map(({ identity }) => identity),
    ['user1', 'user2', 'user3']
  )
  const path = `/proxy/twilio/v1/Conversations/${conversationSid}/Participants`
  t.same(
    received.map(({ url }) => url),
    [`${path}?PageSize=100`, `${path}?PageSize=100&Page=1&PageToken=PT100`]
  )
})

t.test('a named service has URLs of its own', async t => {
  const serviceSid = `IS${'2'.repeat(32)}`
  const { origin, received } = await twilioOf(
    t,
    json(200, conversationAnswer),
    json(201, messageAnswer(0, 'Hello', '{}')),
    page('messages', [])
  )
  const { fetch, send, messagesAfter } = conversations(t, { baseUrl: origin })
  const ref = { conversationSid, serviceSid }
  await fetch(ref)
  await send({ ...message, ...ref }, effectId)
  await messagesAfter(ref, 0)
  const path = `/v1/Services/${serviceSid}/Conversations/${conversationSid}`
  t.same(
    received.map(({ url }) => url),
    [path, `${path}/Messages`, `${path}/Messages?Order=desc&PageSize=100`]
  )
})

t.test('names that hold anything stay one part of the path', async t => {
  const { origin, received } = await twilioOf(t, json(404, { code: 20404, message: 'Not here' }))
  const name = { conversationSid: 'a/b?c#d é', serviceSid: null }
  t.match(await failureOf(conversations(t, { baseUrl: origin }).fetch(name)), { status: 404 })
  t.equal(received[0]?.url, '/v1/Conversations/a%2Fb%3Fc%23d%20%C3%A9')
})

t.test('any text arrives as it was written', async t => {
  const texts = ['a+b & c=d%20?#', 'Grüße 👋\r\n\0', "~!*()'"]
  const answers = texts.map(text => json(201, messageAnswer(0, text, '{}')))
  const { origin, received } = await twilioOf(t, ...answers, json(201, {}))
  const { send } = conversations(t, { baseUrl: origin })
  for (const body of [...texts, 'half of a \ud83d']) await send({ ...message, body }, effectId)
  t.same(
    received.map(({ body }) => new URLSearchParams(body).get('Body')),
    [...texts, 'half of a \ufffd']
  )
})

t.test('it shows the credentials that it was given', async t => {
  const { origin, received } = await twilioOf(t, json(200, conversationAnswer))
  const key = { username: `SK${'3'.repeat(32)}`, password: 'the:secret' }
  await conversations(t, { baseUrl: origin, ...key }).fetch(conversation)
  const basic = Buffer.from(`${key.username}:${key.password}`).toString('base64')
  t.equal(received[0]?.authorization, `Basic ${basic}`)
})

t.test('a message that was sent is looked for no further back than it can be', async t => {
  const next = `https://conversations.twilio.com/v1/Conversations/${conversationSid}/Messages?Page=1`
  const since = Date.parse('2026-11-22T12:00:00Z')
  const at = (index: number, minute: number, attributes: string) => ({
    ...messageAnswer(index, 'Hello', attributes),
    date_created: `2026-11-22T1${minute < 0 ? 1 : 2}:${String(Math.abs(minute)).padStart(2, '0')}:00Z`
  })
  const ours = withMarker(null, effectId)
  const { origin, received } = await twilioOf(
    t,
    page('messages', [at(9, 20, '{}'), at(8, 10, '{}')], next),
    page('messages', [at(7, 5, ours)], next),
    page('messages', [at(9, 20, '{}'), at(8, 10, '{}')], next),
    page('messages', [at(7, -1, '{}'), at(6, -2, ours)], next)
  )
  const twilio = conversations(t, { baseUrl: origin })
  t.match(await twilio.findSent(conversation, effectId, since), { index: 7, attributes: '{}' })
  t.equal(received.length, 2)
  t.equal(await twilio.findSent(conversation, effectId, since), null)
  t.equal(received.length, 4, 'what is older is not even asked for')
  t.match(received[0]?.url, /Messages\?.*Order=desc/)
})

t.test('messages are read back oldest first, and only what somebody else said', async t => {
  const from = (index: number, change: object) => ({
    ...messageAnswer(index, `No. ${index}`, '{}'),
    participant_sid: `MB${'4'.repeat(32)}`,
    ...change
  })
  const { origin, received } = await twilioOf(
    t,
    page(
      'messages',
      [
        from(9, {}),
        from(8, { participant_sid: null }),
        from(7, { attributes: withMarker(null, 'FN2:1:0') }),
        from(5, { body: null, media: [{ sid: 'ME1' }] }),
        from(4, {})
      ],
      'https://conversations.twilio.com/v1/more'
    )
  )
  const messages = await conversations(t, { baseUrl: origin }).messagesAfter(conversation, 4)
  t.match(messages, [
    { index: 5, payload: { Body: '', Media: '[{"sid":"ME1"}]', Index: '5' } },
    {
      index: 9,
      sentBy: null,
      payload: { EventType: 'onMessageAdded', Body: 'No. 9', Author: 'ada' }
    }
  ])
  t.equal(messages.length, 2)
  t.equal(received.length, 1)
})

t.test('webhooks that lead to the execution are its own, under an old PUBLIC_URL too', async t => {
  const hook = (sid: string, url: string) => ({
    sid,
    target: 'webhook',
    configuration: { url, method: 'POST', filters: ['onMessageAdded'] }
  })
  const { origin } = await twilioOf(
    t,
    page('webhooks', [
      hook('WH1', 'https://reprise.example/webhooks/executions/FN1'),
      hook('WH2', 'https://reprise.example/webhooks/executions/FN12'),
      { sid: 'WH3', target: 'studio', configuration: { flow_sid: 'FW1' } },
      hook('WH4', 'https://other.example/copies/of/executions/FN1'),
      hook('WH5', 'https://yesterday.example/tunnel/webhooks/executions/FN1')
    ])
  )
  const twilio = conversations(t, { baseUrl: origin })
  t.same(await twilio.findWebhooks(conversation, 'FN1'), [
    { webhookSid: 'WH1', current: true },
    { webhookSid: 'WH5', current: false }
  ])
})

t.test('what is gone already counts as removed, and as closed', async t => {
  const gone = json(404, { code: 20404, message: 'Not here', status: 404 })
  const closed = json(400, { code: 50377, message: 'Closed', status: 400 })
  const { origin, received } = await twilioOf(t, gone, gone, gone, closed)
  const twilio = conversations(t, { baseUrl: origin })
  t.same(await twilio.findWebhooks(conversation, 'FN1'), [])
  await twilio.removeWebhook(conversation, 'WH1')
  await twilio.close(conversation)
  await twilio.close(conversation)
  t.same(
    received.map(({ method }) => method),
    ['GET', 'DELETE', 'POST', 'POST']
  )
})

const message = {
  ...conversation,
  author: 'Reminders',
  body: 'Hello',
  attributes: null,
  contentSid: null,
  contentVariables: null
}

const conversationAnswer = { sid: conversationSid, state: 'active', chat_service_sid: 'IS1' }

const messageAnswer = (index: number, body: string, attributes: string) => ({
  sid: `IM${index}`,
  conversation_sid: conversationSid,
  account_sid: accountSid,
  index,
  body,
  author: 'ada',
  attributes,
  participant_sid: null,
  media: null,
  date_created: '2026-11-22T12:00:00Z'
})

const participant = (number: number) => ({
  sid: `MB${number}`,
  identity: `user${number}`,
  attributes: '{}',
  messaging_binding: null
})

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body))

const html =
  (status: number): Answer =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>')

const page = (key: string, items: readonly object[], next: string | null = null): Answer =>
  json(200, { meta: { key, page_size: 100, next_page_url: next }, [key]: items })

t.test('a process that stood still looks before it sends what it was to send later', async t => {
  const refusal = () => json(429, { code: 20429, message: 'Too many requests' })
  const { origin, received } = await twilioOf(t, refusal(), refusal(), json(200, { messages: [] }))
  const { send, messagesAfter } = conversations(t, { baseUrl: origin, standsStill: true })
  const failure = await failureOf(send(message, effectId))
  t.match(failure, { outcome: 'unknown', message: /stood still/ })
  t.equal(received.length, 1)
  await messagesAfter(conversation, 0)
  t.equal(received.length, 3, 'what only reads is simply done')
})

t.test('a standstill is seen by the tick after it, or by who asks first', async t => {
  let now = 0
  let tick = () => {}
  const every = (_ms: number, call: () => void) => {
    tick = call
    return () => {}
  }
  const { count } = watchStandstills({ now: () => now, every }, 1000)
  now += 999
  t.equal(count(), 0)
  now += 1000
  t.equal(count(), 1)
  now += 1000
  tick()
  now += 10
  t.equal(count(), 2)
})

/** A server that gives these answers, one to a request, and notes what it was asked. */
async function twilioOf(t: Test, ...answers: Answer[]) {
  const received: { method: string; url: string; body: string; authorization: string }[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url = '', headers } = request
    received.push({ method, url, body, authorization: headers.authorization ?? '' })
    const answer = answers.shift() ?? json(500, { message: 'Nobody expected this call' })
    answer(request, response)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise<void>(resolve => server.close(() => resolve()))
  }
  t.teardown(close)
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, close }
}

interface Setup extends Pick<HttpClientOptions, 'baseUrl' | 'timeoutMs'> {
  /** The process stands still whenever it sleeps. */
  readonly standsStill?: boolean
  readonly username?: string
  readonly password?: string
  /** Filled with the pauses between the tries. */
  readonly pauses?: number[]
}

function conversations(t: Test, setup: Setup) {
  const {
    username = accountSid,
    password = 'token',
    pauses = [],
    standsStill = false,
    ...options
  } = setup
  let standstills = 0
  const httpClient = makeHttpClient({
    ...options,
    standstills: () => standstills,
    random: () => 1,
    sleep: async ms => {
      pauses.push(ms)
      if (standsStill) standstills += 1
    }
  })
  t.teardown(() => httpClient.close())
  const webhookUrl = (sid: string) => `https://reprise.example/webhooks/executions/${sid}`
  const client = makeClient({ accountSid, user: username, secret: password, httpClient })
  return makeConversations({
    client,
    webhookUrl,
    writes: makeWriteQueue({ now: Date.now, sleep: async () => {} })
  })
}

async function failureOf(asked: Promise<unknown>): Promise<Failure> {
  const error = await asked.then(
    () => new Error('It succeeded'),
    (reason: unknown) => reason
  )
  if (error instanceof CallFailed) return error.failure
  throw error
}

t.test('signatures are judged as Twilio makes them', async t => {
  // The example of https://www.twilio.com/docs/usage/webhooks/webhooks-security
  const parameters = {
    CallSid: 'CA1234567890ABCDE',
    Caller: '+14158675310',
    Digits: '1234',
    From: '+14158675310',
    To: '+18005551212'
  }
  const check = makeSignatureCheck('12345', 'https://example.com')
  const path = '/myapp.php?foo=1&bar=2'
  const signature = 'L/OH5YylLD5NRKLltdqwSvS0BnU='
  t.ok(check(signature, path, parameters))
  t.notOk(check(signature, path, { ...parameters, Digits: '1235' }))
  t.notOk(check(signature, '/myapp.php?foo=1&bar=3', parameters))
  t.notOk(check(undefined, path, parameters))
  t.notOk(makeSignatureCheck('12346', 'https://example.com')(signature, path, parameters))

  const sign = makeFormSigner('12345')
  const withPort = sign('https://example.com:443/hook', new URLSearchParams())
  t.ok(makeSignatureCheck('12345', 'https://example.com')(withPort, '/hook', {}))
  for (const url of [
    'https://example.com/hook',
    'https://example.com:8443/hook?q=a%20b&r=%C3%BC',
    'http://127.0.0.1:3000/webhooks/executions/FN1'
  ]) {
    const form = new URLSearchParams([
      ['To', '+1'],
      ['Items', 'b'],
      ['Items', 'a'],
      ['Items', 'b'],
      ['empty', '']
    ])
    const { origin, pathname, search } = new URL(url)
    const made = sign(url, form)
    const sent = { To: '+1', Items: ['b', 'a', 'b'], empty: '' }
    t.ok(makeSignatureCheck('12345', origin)(made, pathname + search, sent), url)
    t.notOk(
      makeSignatureCheck('12345', origin)(made, pathname + search, { ...sent, To: '+2' }),
      url
    )
  }
})
