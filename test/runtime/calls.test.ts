// HTTP requests and Functions, called for real: what they leave in the execution, and what a crash repeats.

import type { ServerResponse } from 'node:http'
import t from 'tap'
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js'
import type { Tools } from '../../src/runtime/runtime.ts'
import { authToken, eventually, flowOf } from '../support/build-service.ts'
import { type Received, serve } from '../support/serve.ts'
import { setStage } from './stage.ts'

const environment = { ALLOWED_INTERNAL_HOSTS: '127.0.0.1' }

type Widget = Parameters<typeof flowOf>[number]

const get = (name: string, url: string, next: string | null, more: object = {}): Widget => [
  name,
  'make-http-request',
  { method: 'GET', url, ...more },
  { success: next, failed: null }
]
const resume = (next: string): Widget => [
  'resume',
  'resume-conversation',
  { conversation_sid: '{{flow.data.conversation_sid}}' },
  { resumed: next, failed: null }
]
const ask = (name: string, next: string | null): Widget => [
  name,
  'send-and-wait-for-reply',
  { body: `${name}?`, timeout: '3600' },
  { incomingMessage: next, timeout: null, deliveryFailure: null }
]

const json = (response: ServerResponse, value: unknown, status = 200) =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))

const keys = (received: readonly Received[]) =>
  received.map(({ headers, path }) => `${path} ${headers['idempotency-key']}`)

t.test('an HTTP request leaves what it was answered', async t => {
  const { publish, start, find, path } = await setStage(t, { environment })

  await t.test('and merges what it parsed into what it parsed before', async t => {
    const { received, origin } = await serve(t, ({ path }, response) => {
      if (path === '/1') json(response, { a: 1, b: { x: 1 } })
      else if (path === '/2') response.writeHead(200, { 'content-type': 'text/plain' }).end('none')
      else json(response, { b: 2, name: 'Grace' }, 500)
    })
    const flow = await publish(
      flowOf(
        [
          'count',
          'set-variables',
          { variables: [{ key: 'round', value: '{{flow.variables.round | plus: 1}}' }] },
          { next: 'call' }
        ],
        [
          'call',
          'make-http-request',
          {
            method: 'POST',
            url: `${origin}/{{flow.variables.round}}`,
            content_type: 'application/json;charset=utf-8',
            body: '{"name":"{{flow.data.name}}","known":"{{widgets.call.parsed.a}}"}'
          },
          { success: 'count', failed: null }
        ]
      )
    )
    const sid = await start(flow, 'none')
    t.match(received, [
      { method: 'POST', path: '/1', body: '{"name":"Ada","known":""}' },
      { path: '/2', body: '{"name":"Ada","known":"1"}' },
      { path: '/3', headers: { 'content-type': 'application/json;charset=utf-8' } }
    ])
    const { call } = (await find(sid)).context.widgets as { call: object }
    t.same(call, {
      body: '{"b":2,"name":"Grace"}',
      content_type: 'application/json',
      status_code: 500,
      parsed: { a: 1, b: 2, name: 'Grace' }
    })
  })

  await t.test('whether it succeeded or not', async t => {
    const { origin } = await serve(t, ({ path }, response) => {
      if (path === '/no') json(response, { why: 'closed' }, 503)
      else response.writeHead(302, { location: '/no' }).end()
    })
    for (const [url, output, problem] of [
      [`${origin}/no`, { status_code: 503, parsed: { why: 'closed' } }, /status 503/],
      [`${origin}/moved`, { status_code: 503, body: '{"why":"closed"}' }, /status 503/],
      ['http://127.0.0.1:1/', {}, /ECONNREFUSED/],
      ['http://127.0.0.2/', {}, /127\.0\.0\.2 is an internal address.*ALLOWED_INTERNAL_HOSTS/],
      ['http://169.254.169.254/latest', {}, /169\.254\.169\.254 is an internal address/]
    ] as const) {
      const flow = await publish(flowOf(get('call', url, null)))
      const sid = await start(flow, 'none')
      const { context, problems, end } = await find(sid)
      t.match(context, { widgets: { call: output } }, url)
      t.match(problems, [{ code: 81016, message: problem, widget: 'call' }], url)
      t.match(end, { reason: 'completed' })
      t.same(await path(sid), ['Trigger incomingRequest', 'call failed'])
    }
  })
})

t.test('a Function can check that the call is Twilio’s, or ours', async t => {
  const { publish, start, find, path } = await setStage(t, { environment })
  const { received, origin } = await serve(t, ({ path }, response) => {
    response.setHeader('x-twilio-function-concurrency', '7')
    json(response, { ok: path }, path === '/fail' ? 500 : 200)
  })
  const run = (url: string, next: string | null, name: string): Widget => [
    name,
    'run-function',
    {
      url,
      service_sid: `ZS${'0'.repeat(32)}`,
      function_sid: `ZH${'0'.repeat(32)}`,
      parameters: [
        { key: 'name', value: '{{flow.data.name}} & Ü' },
        { key: 'twice', value: '2' },
        { key: 'twice', value: '1' }
      ]
    },
    { success: next, fail: null }
  ]
  const flow = await publish(
    flowOf(run(`${origin}/greet?x=1`, 'two', 'one'), run(`${origin}/fail`, null, 'two'))
  )
  const sid = await start(flow, 'none')
  t.same((await path(sid)).slice(1), ['one success', 'two fail'])
  for (const { method, path, headers, body } of received) {
    t.equal(method, 'POST')
    t.same(
      [...new URLSearchParams(body)],
      [
        ['name', 'Ada & Ü'],
        ['twice', '2'],
        ['twice', '1']
      ]
    )
    const form = { name: 'Ada & Ü', twice: ['2', '1'] }
    const signature = String(headers['x-twilio-signature'])
    t.ok(validateRequest(authToken, signature, origin + path, form))
  }
  const { context, problems } = await find(sid)
  t.match(context, {
    widgets: {
      one: {
        status_code: 200,
        parsed: { ok: '/greet?x=1' },
        headers: { 'x-twilio-function-concurrency': '7' }
      },
      two: { status_code: 500, parsed: { ok: '/fail' } }
    }
  })
  t.match(problems, [{ code: 81017, message: /status 500/, widget: 'two' }])
})

t.test('a turn that died after a call', async t => {
  const stage = await setStage(t, { environment })
  const { publish, trigger, find, path, dieWhere, recover, clock } = stage
  const { received, origin } = await serve(t, ({ path }, response) => json(response, { path }))
  const flow = await publish(
    flowOf(get('one', `${origin}/one`, 'two'), get('two', `${origin}/two`, 'three'), [
      'three',
      'run-function',
      { url: `${origin}/three` },
      { success: null, fail: null }
    ])
  )
  let people = 0
  const begin = async () => {
    received.length = 0
    people += 1
    return (await trigger(flow, {}, `+1555300${people}`)).sid
  }
  const over = async (sid: string) => {
    await recover()
    t.same((await path(sid)).slice(1), ['one success', 'two success', 'three success'])
    t.match(await find(sid), { end: { reason: 'completed' }, problems: [] })
  }

  await t.test('makes it again with the same key, where it was not saved yet', async t => {
    const died = dieWhere(({ http }, die) => ({
      http: {
        async call(request, key) {
          await http.call(request, key)
          return die()
        }
      }
    }))
    const sid = await begin()
    await died
    t.same(keys(received), [`/one ${sid}:1:0`])
    t.same(await path(sid), [])
    await over(sid)
    t.same(keys(received), [
      `/one ${sid}:1:0`,
      `/one ${sid}:1:0`,
      `/two ${sid}:2:0`,
      `/three ${sid}:3:0`
    ])
  })

  await t.test('makes it again with the same key, where its saving failed', async t => {
    const died = dieWhere(({ executions }, die) => ({
      executions: { ...executions, commit: die }
    }))
    const sid = await begin()
    await died
    await over(sid)
    t.same(keys(received).slice(0, 2), [`/one ${sid}:1:0`, `/one ${sid}:1:0`])
    t.equal(received.length, 4)
  })

  await t.test('does not make it again, where it was saved', async t => {
    const died = dieWhere(({ executions, http }, die) => {
      let calls = 0
      return { executions, http: { call: (...call) => (++calls > 2 ? die() : http.call(...call)) } }
    })
    const sid = await begin()
    await died
    t.same(keys(received), [`/one ${sid}:1:0`, `/two ${sid}:2:0`])
    t.same((await path(sid)).slice(1), ['one success', 'two success'], 'saved as far as it came')
    t.match(await find(sid), { pause: { type: 'effect', effect: { id: `${sid}:3:0` } } })
    await over(sid)
    t.same(keys(received), [`/one ${sid}:1:0`, `/two ${sid}:2:0`, `/three ${sid}:3:0`])
  })

  await t.test('does not make the last one again, where only the end was not saved', async t => {
    const died = dieWhere(({ executions }, die) => {
      let commits = 0
      return {
        executions: {
          ...executions,
          commit: (...commit) => (++commits > 3 ? die() : executions.commit(...commit))
        }
      }
    })
    const sid = await begin()
    await died
    t.equal(received.length, 3)
    await over(sid)
    t.equal(received.length, 3)
  })

  await t.test('can be followed by one that dies as well', async t => {
    const dieAfter = (answered: number) =>
      dieWhere(({ http }: Tools, die) => {
        let calls = 0
        return { http: { call: (...call) => (++calls > answered ? die() : http.call(...call)) } }
      })
    const first = dieAfter(1)
    const sid = await begin()
    await first
    const second = dieAfter(1)
    clock.pass(30_001)
    await second
    t.same((await path(sid)).slice(1), ['one success', 'two success'])
    await over(sid)
    t.same(keys(received), [`/one ${sid}:1:0`, `/two ${sid}:2:0`, `/three ${sid}:3:0`])
  })
})

t.test('an effect that was saved and not done is done by whoever starts next', async t => {
  const before = await setStage(t, { environment })
  const { received, origin } = await serve(t)
  const conversation = before.openConversation()
  const flow = await before.publish(
    flowOf(resume('call'), get('call', `${origin}/call`, 'ask'), ask('ask', null))
  )
  const died = before.dieWhere(({ conversations }, die) => ({
    conversations: { ...conversations, send: die }
  }))
  const { sid } = await before.trigger(flow, { conversation_sid: conversation })
  await died
  t.match(await before.find(sid), { pause: { type: 'effect', effect: { type: 'send-message' } } })
  t.match(await before.diagnosis(flow, sid), { status: 'active', doing: 'It is busy in ask' })
  await before.close()
  t.same(before.bodies(conversation), [])

  const { clock, idle, find, bodies, say, path } = await setStage(t, { environment, after: before })
  await clock.passUntil(() => bodies(conversation).length === 1)
  await idle()
  t.same(bodies(conversation), ['ask?'])
  t.match(await find(sid), { pause: { type: 'reply', afterIndex: 0 } })
  await say(conversation, 'yes')
  t.same((await path(sid)).slice(1), ['resume resumed', 'call success', 'ask incomingMessage'])
  t.equal(received.length, 1)
})

t.test('what happens during a call waits until the call is over', async t => {
  const stage = await setStage(t, { environment })
  const { publish, trigger, find, path, openConversation, world, idle, bodies, client } = stage
  const held: ServerResponse[] = []
  const { origin } = await serve(t, (_, response) => held.push(response))
  const flow = await publish(
    flowOf(
      resume('one'),
      get('one', `${origin}/one`, 'two'),
      get('two', `${origin}/two`, 'ask'),
      ask('ask', null)
    )
  )
  const answer = async () => (await eventually(() => held.shift()))?.end('fine')

  await t.test('a message is ignored, as one that came before the question', async t => {
    const conversation = openConversation()
    const { sid } = await trigger(flow, { conversation_sid: conversation })
    await eventually(() => held.length > 0)
    world.say(conversation, { body: 'hello?' })
    await stage.simulator.idle()
    await answer()
    await answer()
    await idle()
    t.same(bodies(conversation), ['hello?', 'ask?'])
    t.match(await find(sid), {
      pause: { type: 'reply', afterIndex: 1 },
      problems: [{ code: 81002, message: /index 0\) was ignored/ }]
    })
    await stage.say(conversation, 'yes')
    t.match(await path(sid), { length: 5 })
  })

  await t.test('an end comes after it, and nothing is sent any more', async t => {
    const conversation = openConversation()
    const { sid } = await trigger(flow, { conversation_sid: conversation }, '+15553001')
    await eventually(() => held.length > 0)
    const ending = client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' })
    await answer()
    await answer()
    await idle()
    t.equal((await ending).status, 'ended')
    await idle()
    t.match(await find(sid), { status: 'ended', end: { reason: 'api' }, teardown: null })
    t.same(world.conversation(conversation).webhooks, [])
  })
})
