import t, { type Test } from 'tap'
import { askAndThank, business, customer, flowOf, keySid } from '../support/build-service.ts'
import { type Stage, setStage } from './stage.ts'

const chatService = `IS${'a'.repeat(32)}`
const otherService = `IS${'b'.repeat(32)}`

const resume = (properties: object) =>
  flowOf(
    ['resume', 'resume-conversation', properties, { resumed: 'ask', failed: 'apologize' }],
    [
      'ask',
      'send-and-wait-for-reply',
      { body: 'Well?', timeout: '3600' },
      { incomingMessage: null, timeout: null, deliveryFailure: null }
    ],
    [
      'apologize',
      'set-variables',
      { variables: [{ key: 'sorry', value: 'true', type: 'string' }] },
      { next: null }
    ]
  )

const bySid = { conversation_sid: '{{flow.data.conversation_sid}}' }

t.test(
  'it attaches the execution in the documented order, and tidies up in order at the end',
  async t => {
    const stage = await setStage(t)
    const { world, calls, publish, start, say, find, path, bodies } = stage
    const flow = await publish(askAndThank(true))
    const conversation = crowded(stage, 230)
    const sid = await start(flow, conversation)

    t.same(calls(), [
      'GET Conversations',
      'GET Participants',
      'GET Participants',
      'GET Participants',
      'POST Webhooks',
      'POST Messages'
    ])
    const [webhook] = world.conversation(conversation).webhooks
    t.match(webhook, {
      target: 'webhook',
      url: `${stage.url}/webhooks/executions/${sid}`,
      method: 'post',
      filters: ['onMessageAdded']
    })
    t.equal(world.conversation(conversation).webhooks.length, 1)
    const { context } = await find(sid)
    t.equal(Object(context).widgets.resume.conversation.participants.length, 231)

    const asked = world.log.last
    await say(conversation, 'Fine')
    t.same(calls(asked), ['POST Messages', 'GET Webhooks', 'DELETE Webhooks', 'POST Conversations'])
    t.same(bodies(conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
    t.same(await path(sid), [
      'Trigger incomingRequest',
      'resume resumed',
      'ask incomingMessage',
      'thank sent'
    ])
  }
)

t.test('without the option the Conversation stays open at the end', async t => {
  const { publish, start, say, world, openConversation, calls, find } = await setStage(t)
  const conversation = openConversation()
  const sid = await start(await publish(askAndThank(false)), conversation)
  await say(conversation, 'Fine')
  t.match(await find(sid), { status: 'ended', teardown: null, end: { reason: 'completed' } })
  t.match(world.conversation(conversation), { state: 'active', webhooks: [] })
  t.notOk(calls().includes('POST Conversations'))
})

t.test('the closing option is read under both of its names', async t => {
  const { publish, start, say, world, openConversation } = await setStage(t)
  for (const name of ['close_conversation_on_execution_end', 'close_channel_on_execution_end']) {
    const conversation = openConversation()
    await start(await publish(resume({ ...bySid, [name]: 'true' })), conversation)
    await say(conversation, 'Fine')
    t.equal(world.conversation(conversation).state, 'closed', name)
  }
})

t.test('its variables hold the Conversation, field by field', async t => {
  const { publish, start, world, client, url } = await setStage(t)
  const { sid, dateCreated } = world.openConversation({
    friendlyName: 'Ada Lovelace',
    uniqueName: 'ada',
    serviceSid: chatService,
    attributes: { tier: 'gold' },
    participants: [
      { address: customer, proxyAddress: business, attributes: { vip: true } },
      { identity: 'agent' }
    ]
  })
  const properties = { ...bySid, conversation_service_sid: `  ${chatService} ` }
  const flow = await publish(resume(properties))
  const executionSid = await start(flow, sid)

  const { executions } = client.studio.v2.flows(flow)
  const { context } = await executions(executionSid).executionContext().fetch()
  const [phone, agent] = world.conversation(sid).participants
  const [webhook] = world.conversation(sid).webhooks
  const created = dateCreated.replace(/\.\d+/, '')
  const participants = [
    {
      sid: phone?.sid,
      identity: null,
      attributes: '{"vip":true}',
      role_sid: /^RL/,
      messaging_binding: { address: customer, proxy_address: business }
    },
    {
      sid: agent?.sid,
      identity: 'agent',
      attributes: '{}',
      role_sid: /^RL/,
      messaging_binding: null
    }
  ]
  const { widgets, flow: root } = context as {
    widgets: Record<string, object>
    flow: { channel: object }
  }
  t.match(widgets.resume, {
    conversation: {
      sid,
      state: 'active',
      friendly_name: 'Ada Lovelace',
      unique_name: 'ada',
      attributes: '{"tier":"gold"}',
      chat_service_sid: chatService,
      messaging_service_sid: /^MG/,
      date_created: created,
      date_updated: created,
      participants
    },
    webhook_sid: webhook?.sid,
    close_channel_on_execution_end: false
  })
  t.match(root.channel, {
    address: business,
    sid,
    type: 'conversation',
    status: 'active',
    details: {
      chat_service_sid: chatService,
      friendly_name: 'Ada Lovelace',
      participants,
      webhook_sid: webhook?.sid
    }
  })
  t.equal(webhook?.url, `${url}/webhooks/executions/${executionSid}`)
})

t.test('a blank service is the default one, and a unique name does instead of a SID', async t => {
  const { publish, start, world, find, calls } = await setStage(t)
  const flow = await publish(resume({ ...bySid, conversation_service_sid: ' {{flow.data.none}} ' }))
  const { sid } = world.openConversation({ uniqueName: 'ada lovelace' })
  const executionSid = await start(flow, ' ada lovelace ')
  t.match(await find(executionSid), {
    status: 'active',
    context: { flow: { channel: { sid } } },
    attachments: [{ conversationSid: sid, serviceSid: null, attached: true }]
  })
  t.equal(world.conversation(sid).webhooks.length, 1)
  t.notOk(calls().some(call => call.endsWith('404')))
})

t.test('failed says why, writes no variables, and leaves nothing behind', async t => {
  const stage = await setStage(t)
  const { world, client, simulator } = stage
  const openConversation = () => stage.openConversation(nextPhone())
  const flow = await stage.publish(
    resume({ ...bySid, conversation_service_sid: '{{flow.data.service}}' })
  )

  t.test('where the SID is empty', async t => {
    const { message, sid } = await refused(t, stage, flow, ' ')
    t.equal(message, 'conversation_sid is empty after rendering {{flow.data.conversation_sid}}')
    t.same((await stage.find(sid)).attachments, [])
  })

  t.test('where no such Conversation exists', async t => {
    const missing = `CH${'f'.repeat(32)}`
    const { message, code } = await refused(t, stage, flow, missing)
    t.equal(
      message,
      `There is no Conversation ${missing} in the account's default service; check both SIDs`
    )
    t.equal(code, 50350)
  })

  t.test('where the SID could not even stand in a URL', async t => {
    for (const sid of ['CH1/Webhooks?a=b#c', '..', '100%', '\ud800']) {
      const { message } = await refused(t, stage, flow, sid)
      t.match(message, /^There is no Conversation .+ in the account's default service/)
    }
  })

  t.test('where it belongs to another service', async t => {
    world.openConversation({ serviceSid: otherService })
    const { sid } = world.openConversation({ serviceSid: chatService })
    const { message } = await refused(t, stage, flow, sid, { service: otherService })
    t.equal(message, `There is no Conversation ${sid} in service ${otherService}; check both SIDs`)
  })

  t.test('where there is no such service', async t => {
    const service = `IS${'c'.repeat(32)}`
    const { code } = await refused(t, stage, flow, openConversation(), { service })
    t.equal(code, 50050)
  })

  t.test('where it is closed', async t => {
    const sid = openConversation()
    await client.conversations.v1.conversations(sid).update({ state: 'closed' })
    const { message, code } = await refused(t, stage, flow, sid)
    t.equal(message, `Conversation ${sid} is closed, and a closed Conversation cannot be reopened`)
    t.equal(code, 50377)
  })

  t.test('where its participants may not be listed', async t => {
    const sid = openConversation()
    const fault = { status: 403, code: 50107, message: 'Not authorized for that' }
    world.faults.add([{ call: 'GET Participants', ...fault }])
    const { message, code } = await refused(t, stage, flow, sid)
    t.equal(
      message,
      `The participants of ${sid} could not be listed: Twilio answered 403 (50107): Not authorized for that`
    )
    t.equal(code, 50107)
  })

  t.test('where it has five webhooks, which all stay', async t => {
    const sid = openConversation()
    const { webhooks } = client.conversations.v1.conversations(sid)
    for (const number of [1, 2, 3, 4, 5]) {
      await webhooks.create({
        target: 'webhook',
        'configuration.url': `http://127.0.0.1:1/${number}`,
        'configuration.method': 'post',
        'configuration.filters': ['onMessageAdded']
      })
    }
    const { message, code } = await refused(t, stage, flow, sid)
    t.match(message, /five webhooks already, the most that a Conversation can have; remove one$/)
    t.equal(code, 50361)
    t.equal(world.conversation(sid).webhooks.length, 5)
  })

  t.test('where Twilio is not well for long', async t => {
    const sid = openConversation()
    world.faults.add([{ call: 'GET Conversations', status: 503, times: 5 }])
    const { message } = await refused(t, stage, flow, sid)
    t.match(message, `Conversation ${sid} could not be fetched: Twilio answered 503 (20500)`)
  })

  t.test('where its webhook can never be registered', async t => {
    const sid = openConversation()
    world.faults.add([{ call: 'POST Webhooks', status: 500, times: 100 }])
    const { message } = await refused(t, stage, flow, sid)
    t.match(message, `No webhook could be registered on ${sid}: Twilio answered 500`)
    t.same(world.conversation(sid).webhooks, [])
  })

  t.test('where nobody can tell whether its webhook was registered', async t => {
    const sid = openConversation()
    world.faults.add([
      { call: 'POST Webhooks', after: true, drop: true, times: 100 },
      { call: 'GET Webhooks', status: 500, times: 12 }
    ])
    const { message } = await refused(t, stage, flow, sid)
    t.match(message, `No webhook could be registered on ${sid}: `)
    t.same(world.conversation(sid).webhooks, [], 'it is removed after the end')
  })

  t.afterEach(async () => {
    world.faults.clear()
    await simulator.idle()
  })
})

t.test('failed says why where the credentials are wrong', async t => {
  const stage = await setStage(t, {
    environment: { TWILIO_API_KEY: keySid, TWILIO_API_SECRET: 'not the secret' }
  })
  const flow = await stage.publish(resume(bySid))
  const sid = stage.openConversation()
  const { message, code } = await refused(t, stage, flow, sid)
  t.match(message, `Conversation ${sid} could not be fetched: Twilio answered 401 (20003)`)
  t.equal(code, 20003)
})

t.test('failed says why where Twilio refuses the URL of the webhook', async t => {
  const PUBLIC_URL = `http://127.0.0.1:1/${'x'.repeat(500)}`
  const stage = await setStage(t, { environment: { PUBLIC_URL } })
  const flow = await stage.publish(resume(bySid))
  const { message, code } = await refused(t, stage, flow, stage.openConversation())
  t.match(message, /^No webhook could be registered on CH\w+: Twilio answered 400 \(50372\): .*512/)
  t.equal(code, 50372)
})

t.test('a second one in the same execution fails and leaves the first alone', async t => {
  const { publish, start, openConversation, world, diagnosis, path, say } = await setStage(t)
  const again = { conversation_sid: '{{flow.data.second}}' }
  const flow = await publish(
    flowOf(
      ['resume', 'resume-conversation', bySid, { resumed: 'again', failed: null }],
      ['again', 'resume-conversation', again, { resumed: null, failed: 'ask' }],
      [
        'ask',
        'send-and-wait-for-reply',
        { body: 'Well?' },
        { incomingMessage: null, timeout: null, deliveryFailure: null }
      ]
    )
  )
  const first = openConversation()
  const second = openConversation('+15550003333')
  const sid = await start(flow, first, { second })
  t.match(await diagnosis(flow, sid), {
    conversation_sid: first,
    problems: [
      {
        widget: 'again',
        message: `This execution talks in Conversation ${first} already, and an execution has one Conversation`
      }
    ]
  })
  t.same(world.conversation(second).webhooks, [])
  await say(first, 'Fine')
  t.same(await path(sid), [
    'Trigger incomingRequest',
    'resume resumed',
    'again failed',
    'ask incomingMessage'
  ])
  t.same(world.conversation(first).webhooks, [])
})

t.test('a webhook that is registered although the connection broke is found and kept', async t => {
  const { publish, start, openConversation, world, say, find, calls, clock } = await setStage(t)
  const conversation = openConversation()
  world.faults.add([{ call: 'POST Webhooks', after: true, drop: true }])
  const sid = await start(await publish(askAndThank()), conversation)
  t.equal(world.conversation(conversation).webhooks.length, 1)
  t.same(
    calls().filter(call => call.includes('Webhooks')),
    ['POST Webhooks null', 'GET Webhooks']
  )
  await say(conversation, 'Fine')
  t.equal((await find(sid)).status, 'ended')
  t.same(world.conversation(conversation).webhooks, [])
  t.equal(clock.sleepsFor, null)
})

t.test('a webhook that a killed turn registered is used by the turn that repeats it', async t => {
  const { publish, trigger, openConversation, ...stage } = await setStage(t)
  const { world, dieInNextTurn, recover, find, say, calls, bodies } = stage
  const conversation = openConversation()
  const flow = await publish(askAndThank())
  const died = dieInNextTurn()
  const { sid } = await trigger(flow, { conversation_sid: conversation, name: 'Ada' })
  await died
  const [webhook] = world.conversation(conversation).webhooks
  await recover()
  t.same(world.conversation(conversation).webhooks, [webhook])
  t.equal(calls().filter(call => call === 'POST Webhooks').length, 1)
  t.same(bodies(conversation), ['How are you, Ada?'])
  await say(conversation, 'Fine')
  t.match(await find(sid), { status: 'ended', end: { reason: 'completed' } })
  t.same(world.conversation(conversation).webhooks, [])
})

let phones = 0
const nextPhone = () => `+1555100${String(phones++).padStart(4, '0')}`

/** A Conversation with the customer and so many chat users. */
function crowded({ world }: Stage, users: number): string {
  const identities = Array.from({ length: users }, (_, number) => ({ identity: `user${number}` }))
  return world.openConversation({
    participants: [{ address: customer, proxyAddress: business }, ...identities]
  }).sid
}

/** Runs the flow to where it fails, checks what holds for every failure, and answers the reason given. */
async function refused(
  t: Test,
  { trigger, clock, find, path, diagnosis, world }: Stage,
  flow: string,
  conversationSid: string,
  more: object = {}
) {
  const known = world.log.last
  const { sid } = await trigger(flow, { conversation_sid: conversationSid, ...more })
  await clock.passUntil(async () => {
    const { status, teardown } = await find(sid)
    return status === 'ended' && teardown === null
  })
  const { problems, end_reason } = await diagnosis(flow, sid)
  t.equal(end_reason, 'completed')
  t.same(await path(sid), ['Trigger incomingRequest', 'resume failed', 'apologize next'])
  const { context } = await find(sid)
  t.same(context.widgets, { apologize: { sorry: 'true' } })
  t.same(Object(context).flow.channel, { address: business })
  t.equal(problems.length, 1)
  t.equal(problems[0]?.widget, 'resume')
  const touched = world.log.after(known).filter(entry => entry.type === 'call')
  t.notOk(
    touched.some(({ form }) => form.State === 'closed'),
    'nothing is closed'
  )
  return { sid, message: problems[0]?.message, code: problems[0]?.code }
}
