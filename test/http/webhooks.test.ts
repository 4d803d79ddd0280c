// The receiver of `onMessageAdded`: what it takes, what it turns away, and when it answers.

import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import {
  accountSid,
  askAndThank,
  authToken,
  buildService,
  customer,
  eventually
} from '../support/build-service.ts'

type Parameters = Record<string, string | string[]>

interface Post {
  /** The one that Twilio would make, if not given; `null` for none. */
  readonly signature?: string | null
  readonly query?: string
  /** What is sent instead of what was signed. */
  readonly sent?: Parameters
  readonly type?: string
}

const encode = (parameters: Parameters) =>
  Object.entries(parameters)
    .flatMap(([name, values]) =>
      [values].flat().map(value => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    )
    .join('&')

/** A service, an execution that waits for an answer, and a Twilio that can be made to say anything. */
async function start(t: Test, environment: Record<string, string> = {}) {
  const service = await buildService(t, { environment })
  const { call, url, publish, trigger, openConversation, idle, world, runtime } = service
  const publicUrl = environment.PUBLIC_URL?.replace(/\/+$/, '') ?? url
  const flow = await publish(askAndThank())

  const post = (executionSid: string, parameters: Parameters, options: Post = {}) => {
    const path = `/webhooks/executions/${executionSid}${options.query ?? ''}`
    const signature =
      options.signature === undefined
        ? getExpectedTwilioSignature(authToken, publicUrl + path, parameters)
        : options.signature
    return call('POST', path, {
      text: encode(options.sent ?? parameters),
      headers: {
        'content-type': options.type ?? 'application/x-www-form-urlencoded; charset=utf-8',
        'i-twilio-idempotency-token': randomUUID(),
        ...(signature !== null && { 'x-twilio-signature': signature })
      }
    })
  }

  let executions = 0
  const waiting = async () => {
    const conversation = openConversation()
    executions += 1
    const { sid } = await trigger(
      flow,
      { conversation_sid: conversation, name: 'Ada' },
      `+1555200${String(executions).padStart(4, '0')}`
    )
    await idle()
    return { sid, conversation }
  }

  /** As Twilio would write it, for a message of the customer's. */
  const message = (conversationSid: string, more: Parameters = {}): Parameters => ({
    EventType: 'onMessageAdded',
    AccountSid: accountSid,
    ConversationSid: conversationSid,
    MessageSid: `IM${randomUUID().replaceAll('-', '')}`,
    Index: '7',
    Body: 'Fine',
    Author: customer,
    Source: 'SMS',
    DateCreated: '2026-11-22T12:00:00.123Z',
    Attributes: '{}',
    RetryCount: '0',
    ...more
  })

  const diagnosis = async (sid: string) =>
    (await call('GET', `/v2/Flows/${flow}/Executions/${sid}/Diagnosis`)).body
  const texts = (sid: string) => world.conversation(sid).messages.map(({ body }) => body)

  /** The whole of what a webhook might change. */
  const state = async (sid: string) =>
    JSON.stringify([await runtime.executions.fetch(sid), await runtime.executions.fetchSteps(sid)])

  return { ...service, flow, post, waiting, message, diagnosis, texts, state }
}

t.test('what Twilio signed', async t => {
  const { post, waiting, message, idle, texts, state, call, flow, diagnosis } = await start(t)
  const forbidden = { status: 403, body: { code: 20403, status: 403, message: /PUBLIC_URL/ } }

  await t.test('a signed message moves its execution on', async t => {
    const { sid, conversation } = await waiting()
    const answer = await post(sid, message(conversation))
    t.match(answer, { status: 200, body: '' })
    await idle()
    t.strictSame(texts(conversation).at(-1), '"Fine" is noted.')
    const { body } = await call('GET', `/v2/Flows/${flow}/Executions/${sid}/Context`)
    t.match(body.context.widgets.ask.inbound, { Body: 'Fine', Index: '7', Source: 'SMS' })
  })

  await t.test(
    'unsigned, wrongly signed or tampered, it is turned away and changes nothing',
    async t => {
      const { sid, conversation } = await waiting()
      const parameters = message(conversation)
      const path = `/webhooks/executions/${sid}`
      const before = await state(sid)
      for (const [what, options] of Object.entries<Post>({
        'no signature': { signature: null },
        'an empty signature': { signature: '' },
        'a wrong signature': { signature: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
        'no Base64': { signature: '???' },
        'another token': { signature: getExpectedTwilioSignature('other', path, parameters) },
        'another host': {
          signature: getExpectedTwilioSignature(authToken, `https://evil${path}`, parameters)
        },
        'a body that was changed': { sent: { ...parameters, Body: 'Changed' } },
        'a field that was added': { sent: { ...parameters, Extra: '' } },
        'a field that was taken away': { sent: { ...parameters, RetryCount: [] } },
        'another index': { sent: { ...parameters, Index: '8' } },
        'a field that came twice': { sent: { ...parameters, Body: ['Fine', 'Changed'] } },
        'no fields at all': { sent: {} }
      }))
        t.match(await post(sid, parameters, options), forbidden, what)
      const { sid: other } = await waiting()
      const signature = getExpectedTwilioSignature(authToken, path, parameters)
      t.match(await post(other, parameters, { signature }), forbidden, 'for another execution')
      t.match(await post(sid, parameters, { signature, query: '?a=1' }), forbidden, 'with a query')
      await idle()
      t.equal(await state(sid), before)
    }
  )

  await t.test('whoever did not sign learns nothing of what else is wrong', async t => {
    t.match(await post('FN1', {}, { signature: null }), forbidden)
    t.match(await post('FN1', { EventType: 'onMessageAdded' }, { signature: 'x' }), forbidden)
  })

  await t.test('any parameters will do, as long as all are signed', async t => {
    const { sid, conversation } = await waiting()
    const text = fc.string({ unit: 'grapheme', maxLength: 20 })
    const extra = fc.dictionary(
      fc.oneof(text, fc.constantFrom('Body', 'Media', '__proto__', 'constructor', 'a b', 'ä&=+%')),
      fc.oneof(text, fc.array(text, { minLength: 2, maxLength: 4 })),
      { maxKeys: 8 }
    )
    const query = fc
      .dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 8 }), {
        maxKeys: 3
      })
      .map(pairs => {
        const text = new URLSearchParams(pairs).toString()
        return text === '' ? '' : `?${text}`
      })
    const property = fc.asyncProperty(extra, query, async (more, query) => {
      // Another event, so that the execution stays as it is.
      const parameters = { ...more, EventType: 'onMessageUpdated', ConversationSid: conversation }
      const tampered = { ...parameters, Zzz: 'added' }
      const { status } = await post(sid, parameters, { query })
      return (
        status === 200 && (await post(sid, parameters, { query, sent: tampered })).status === 403
      )
    })
    await t.resolves(fc.assert(property, { numRuns: 150 }))
  })

  await t.test('what it carries reaches templates as it was sent', async t => {
    const { sid, conversation } = await waiting()
    const Body = 'Ça va ? 🌊 & = + % \r\n "quoted" {{flow.sid}}'
    t.match(await post(sid, message(conversation, { Body, Zwei: ['one', 'two'] })), { status: 200 })
    await idle()
    t.equal(texts(conversation).at(-1), `"${Body}" is noted.`)
    const { body } = await call('GET', `/v2/Flows/${flow}/Executions/${sid}/Context`)
    t.match(body.context.widgets.ask.inbound, { Body, Zwei: 'one' })
  })

  await t.test('a message that the flow itself sent does not move it', async t => {
    const { sid, conversation } = await waiting()
    const effect = `${sid}:2:0`
    const Attributes = JSON.stringify({ reprise: { effect } })
    t.match(await post(sid, message(conversation, { Attributes })), { status: 200 })
    await idle()
    t.match(await diagnosis(sid), { status: 'active', problems: [{ code: 81002 }] })
  })
})

t.test('behind a proxy, signatures are for the public URL', async t => {
  const PUBLIC_URL = 'https://example.com/reprise/'
  const { post, runtime, publish, call } = await start(t, { PUBLIC_URL })
  t.ok(await publish(askAndThank()))
  const path = `/webhooks/executions/FN${'0'.repeat(32)}`
  const parameters = { EventType: 'onMessageUpdated' }
  t.match(await post(`FN${'0'.repeat(32)}`, parameters), { status: 200 })
  const signature = getExpectedTwilioSignature(authToken, path, parameters)
  t.match(await post(`FN${'0'.repeat(32)}`, parameters, { signature }), { status: 403 })
  const [flow] = await runtime.flows.store.listFlows()
  const { body } = await call('GET', `/v2/Flows/${flow?.flowSid}`)
  t.match(body.webhook_url, /^https:\/\/example\.com\/reprise\/v1\/Accounts\/AC/)
})

t.test('what there is nothing to do for', async t => {
  const { post, waiting, message, idle, texts, state, diagnosis, client, flow } = await start(t)

  await t.test('the same message again is acknowledged and ignored', async t => {
    const { sid, conversation } = await waiting()
    const parameters = message(conversation)
    const answers = await Promise.all([1, 2, 3].map(() => post(sid, parameters)))
    t.strictSame(
      answers.map(({ status }) => status),
      [200, 200, 200]
    )
    await idle()
    t.match(await post(sid, parameters), { status: 200 })
    await idle()
    t.equal(texts(conversation).length, 2)
    t.match(await diagnosis(sid), { status: 'ended', problems: [] })
  })

  await t.test('a message for an execution that nobody knows', async t => {
    t.match(await post(`FN${'0'.repeat(32)}`, message('CH1')), { status: 200, body: '' })
  })

  await t.test('a message for an execution that has ended', async t => {
    const { sid, conversation } = await waiting()
    await client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' })
    await idle()
    const before = await state(sid)
    t.match(await post(sid, message(conversation)), { status: 200, body: '' })
    await idle()
    t.equal(await state(sid), before)
  })

  await t.test('another event, whatever it carries', async t => {
    const { sid, conversation } = await waiting()
    const before = await state(sid)
    for (const EventType of ['onMessageUpdated', 'onConversationStateUpdated', 'onmessageadded']) {
      const parameters = { EventType, ConversationSid: conversation }
      t.match(await post(sid, parameters), { status: 200, body: '' }, EventType)
      t.match(await post(sid, message(conversation, { EventType })), { status: 200 }, EventType)
    }
    await idle()
    t.equal(await state(sid), before)
  })

  await t.test(
    'a message of another Conversation is ignored, and the Diagnosis says so',
    async t => {
      const { sid, conversation } = await waiting()
      t.match(await post(sid, message('CHother')), { status: 200 })
      await idle()
      t.match(await diagnosis(sid), {
        status: 'active',
        problems: [{ code: 81002, message: new RegExp(`CHother, .*${conversation}`) }]
      })
      t.match(await post(sid, message(conversation)), { status: 200 })
      await idle()
      t.match(await diagnosis(sid), { status: 'ended' })
    }
  )

  await t.test(
    'a message from before the question is ignored, and the Diagnosis says so',
    async t => {
      const { sid, conversation } = await waiting()
      t.match(await post(sid, message(conversation, { Index: '0' })), { status: 200 })
      await idle()
      t.match(await diagnosis(sid), {
        status: 'active',
        problems: [{ code: 81002, message: /before the question/ }]
      })
    }
  )
})

t.test('what cannot be taken', async t => {
  const { post, waiting, message, idle, state, runtime } = await start(t)
  const { sid, conversation } = await waiting()
  const before = await state(sid)

  await t.test('400: a message without what names it', async t => {
    const without = (name: string) => {
      const { [name]: _, ...rest } = message(conversation)
      return rest
    }
    for (const name of ['MessageSid', 'ConversationSid', 'Index', 'EventType'])
      t.match(
        await post(sid, without(name)),
        { status: 400, body: { code: 20001, message: new RegExp(name) } },
        name
      )
    for (const more of [
      { MessageSid: '' },
      { MessageSid: ['IM1', 'IM2'] },
      { ConversationSid: '' }
    ])
      t.match(await post(sid, message(conversation, more)), { status: 400, body: { code: 20001 } })
    t.match(await post(sid, {}), { status: 400, body: { code: 20001 } })
  })

  await t.test('400: an index that is no number', async t => {
    for (const Index of ['seven', '', '-1', '1.5', '1e3', '0x7', ' 7', 'NaN', '9'.repeat(20)])
      t.match(
        await post(sid, message(conversation, { Index })),
        { status: 400, body: { code: 20001, message: /Index/ } },
        `Index "${Index}"`
      )
  })

  await t.test('404: a path that names no execution', async t => {
    t.match(await post('FN1', message(conversation)), { status: 404, body: { code: 20404 } })
  })

  await t.test('413: ten megabytes', async t => {
    const Body = 'x'.repeat(10 * 1024 * 1024)
    t.match(await post(sid, message(conversation, { Body })), {
      status: 413,
      body: { code: 20413, status: 413 }
    })
  })

  await t.test('415: no form', async t => {
    for (const type of ['application/json', 'text/plain'])
      t.match(await post(sid, {}, { type }), { status: 415, body: { code: 20415 } }, type)
  })

  await t.test('503: the store is away, and Twilio hears that nothing was kept', async t => {
    const { deliver } = runtime.executions
    const away = () => Promise.reject(new StoreUnavailable('The store is away'))
    Object.assign(runtime.executions, { deliver: away })
    const answer = await post(sid, message(conversation))
    Object.assign(runtime.executions, { deliver })
    t.match(answer, { status: 503, body: { code: 20503 } })
  })

  await idle()
  t.equal(await state(sid), before, 'nothing of all this has changed the execution')
})

t.test('the answer comes before the work', async t => {
  const { post, waiting, message, idle, texts, world, diagnosis } = await start(t)
  const { sid, conversation } = await waiting()
  world.faults.add([{ call: 'POST messages', delay: 1500 }])
  t.match(await post(sid, message(conversation)), { status: 200 })
  t.equal(texts(conversation).length, 1, 'the turn is still under way')

  // What comes meanwhile is taken as well, and answered at once.
  t.match(await post(sid, message(conversation, { Index: '8' })), { status: 200 })
  t.equal(texts(conversation).length, 1)
  await eventually(() => texts(conversation).length === 2)
  await idle()
  t.match(await diagnosis(sid), { status: 'ended' })
})
