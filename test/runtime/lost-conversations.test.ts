// What becomes of an execution whose Conversation somebody else closes or deletes, or whose credentials end.

import t from 'tap'
import { askAndThank, flowOf } from '../support/build-service.ts'
import { type Stage, setStage } from './stage.ts'

/** Waits for a word, then tells twice and asks again. */
const talkative = flowOf(
  [
    'resume',
    'resume-conversation',
    {
      conversation_sid: '{{flow.data.conversation_sid}}',
      close_conversation_on_execution_end: true
    },
    { resumed: 'ask', failed: null }
  ],
  ['ask', 'send-and-wait-for-reply', { body: 'Yes?', timeout: '60' }, { timeout: 'one' }],
  ['one', 'send-message', { body: 'One.' }, { sent: 'two', failed: 'two' }],
  ['two', 'send-message', { body: 'Two.' }, { sent: 'more', failed: 'more' }],
  ['more', 'send-and-wait-for-reply', { body: 'More?' }, { deliveryFailure: null }]
)

const conversationOf = ({ client }: Stage, sid: string) =>
  client.conversations.v1.conversations(sid)

t.test('a Conversation that somebody else closed is written into once, in vain', async t => {
  const stage = await setStage(t)
  const { conversation, flow, sid } = await waiting(stage)
  await conversationOf(stage, conversation).update({ state: 'closed' })
  const calls = await timeOut(stage)
  t.same(calls.slice(-4), [
    'POST Messages 400',
    'GET Webhooks',
    'DELETE Webhooks',
    'POST Conversations 400'
  ])
  t.equal(calls.filter(call => call.startsWith('POST Messages')).length, 1)
  t.match(await stage.find(sid), {
    status: 'ended',
    end: { reason: 'completed' },
    teardown: null,
    context: { flow: { channel: { status: 'closed' } } }
  })
  t.match(await stage.path(sid), [
    /trigger|Trigger/,
    /resume/,
    'ask timeout',
    'one failed',
    'two failed',
    'more deliveryFailure'
  ])
  const { problems } = await stage.diagnosis(flow, sid)
  t.match(problems[0], { code: 81011, widget: 'one', message: /400 \(50377\)/ })
  for (const problem of problems.slice(1))
    t.match(problem, { code: 81011, message: /closed by somebody else/ })
  t.same(stage.world.conversation(conversation).webhooks, [])
})

t.test('a Conversation that was deleted is written into once, in vain', async t => {
  const stage = await setStage(t)
  const { conversation, flow, sid } = await waiting(stage)
  await conversationOf(stage, conversation).remove()
  const calls = await timeOut(stage)
  t.equal(calls.filter(call => call === 'POST Messages 404').length, 1)
  t.match(await stage.find(sid), {
    status: 'ended',
    teardown: null,
    context: { flow: { channel: { status: 'deleted' } } }
  })
  const { problems } = await stage.diagnosis(flow, sid)
  t.match(problems[0], { message: /404 \(50350\)/ })
  t.match(problems[1], { message: /has been deleted/ })
})

t.test(
  'credentials that were revoked are named, and the webhook goes when they are back',
  async t => {
    const stage = await setStage(t)
    const { conversation, flow, sid } = await waiting(stage)
    const refusal = { status: 401, code: 20003, message: 'Authenticate', times: 100 }
    for (const call of ['POST Messages', 'GET Webhooks'])
      stage.world.faults.add([{ call, ...refusal }])
    await timeOut(stage)
    const { problems, teardown } = await stage.diagnosis(flow, sid)
    t.equal(problems.length, 3)
    for (const problem of problems)
      t.match(problem, { message: /401 \(20003\): Authenticate; check the credentials .*TWILIO_/ })
    t.match(teardown, { attempts: 1, last_error: /check the credentials/ })
    t.match(stage.world.conversation(conversation), { state: 'active', webhooks: [{}] })

    stage.world.faults.clear()
    stage.clock.pass(60_000)
    await stage.idle()
    t.match(await stage.find(sid), { teardown: null })
    t.match(stage.world.conversation(conversation), { state: 'closed', webhooks: [] })
  }
)

t.test('what was done although nobody heard so is found, and not done twice', async t => {
  const stage = await setStage(t)
  const { world, find } = stage
  const lost = { after: true, drop: true }
  world.faults.add([
    { call: 'POST Webhooks', ...lost },
    { call: 'POST Messages', ...lost },
    { call: 'POST Conversations', ...lost }
  ])
  const conversation = stage.openConversation()
  const sid = await stage.start(await stage.publish(askAndThank(true)), conversation)
  t.equal(world.conversation(conversation).webhooks.length, 1)
  t.same(stage.bodies(conversation), ['How are you, Ada?'])
  await stage.say(conversation, 'Fine')
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  t.match(await find(sid), {
    status: 'ended',
    teardown: { attempts: 1, tasks: [{ type: 'close-conversation' }] }
  })
  stage.clock.pass(60_000)
  await stage.idle()
  t.match(await find(sid), { status: 'ended', teardown: null })
  t.equal(stage.bodies(conversation).length, 3)
})

t.test("a message's attributes and ours must find room together", async t => {
  const stage = await setStage(t)
  const flow = await stage.publish(
    flowOf(
      [
        'resume',
        'resume-conversation',
        { conversation_sid: '{{flow.data.conversation_sid}}' },
        { resumed: 'full', failed: null }
      ],
      [
        'full',
        'send-message',
        { body: 'Full', attributes: '{{flow.data.full}}' },
        { sent: 'over' }
      ],
      [
        'over',
        'send-message',
        { body: 'Over', attributes: '{{flow.data.over}}' },
        { failed: 'list' }
      ],
      ['list', 'send-message', { body: 'List', attributes: '[1]' }, { failed: null }]
    )
  )
  const conversation = stage.openConversation()
  const ofLength = (length: number) =>
    `{"big":12345678901234567890,"x":"${'y'.repeat(length - 34)}"}`
  const sid = await stage.start(flow, conversation, { full: ofLength(4030), over: ofLength(4040) })
  t.same((await stage.path(sid)).slice(2), ['full sent', 'over failed', 'list failed'])
  const [sent] = world(stage, conversation)
  t.match(JSON.stringify(sent?.attributes), /"reprise":\{"effect":"FN/)
  const { problems } = await stage.diagnosis(flow, sid)
  t.match(problems, [
    { widget: 'over', message: /The attributes have 41\d\d bytes, of which \d\d are added/ },
    { widget: 'list', message: /not a JSON object/ }
  ])
})

const world = (stage: Stage, sid: string) => stage.world.conversation(sid).messages

/** An execution that waits for its first reply. */
async function waiting(stage: Stage) {
  const flow = await stage.publish(talkative)
  const conversation = stage.openConversation()
  return { flow, conversation, sid: await stage.start(flow, conversation) }
}

/** Lets the wait time out, and answers what Twilio was asked from then on. */
async function timeOut(stage: Stage): Promise<string[]> {
  const known = stage.world.log.last
  stage.clock.pass(61_000)
  await stage.idle()
  return stage.calls(known)
}
