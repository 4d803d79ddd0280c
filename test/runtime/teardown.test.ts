import t from 'tap'
import { askAndThank, flowOf } from '../support/build-service.ts'
import { type Stage, setStage } from './stage.ts'

const hourMs = 60 * 60 * 1000

t.test(
  'a webhook that cannot be removed is tried again, ever later, and only then the Conversation is closed',
  async t => {
    const stage = await setStage(t)
    const { world, clock, idle, calls, find, diagnosis } = stage
    const { flow, conversation, sid } = await parked(stage)
    const known = world.log.last
    // Each try of the teardown is five calls, because a DELETE may be repeated.
    world.faults.add([{ call: 'DELETE Webhooks', status: 503, times: 15 }])
    await stage.say(conversation, 'Fine')
    t.match(await find(sid), { status: 'ended', end: { reason: 'completed' } })

    const pauses: number[] = []
    for (const attempts of [1, 2, 3]) {
      const { teardown } = await diagnosis(flow, sid)
      t.match(teardown, {
        attempts,
        tasks: [
          { type: 'remove-webhook', conversation_sid: conversation },
          { type: 'close-conversation', conversation_sid: conversation }
        ],
        last_error: 'Twilio answered 503 (20500): Failing on request'
      })
      t.match(world.conversation(conversation), { state: 'active', webhooks: [{}] })
      const { teardown: pending } = await find(sid)
      pauses.push((pending?.nextAt ?? 0) - clock.now())
      clock.pass(pending ? pending.nextAt - clock.now() : 0)
      await idle()
    }
    const [first = 0, second = 0, third = 0] = pauses
    t.ok(first > 500 && second > 1.5 * first && third > 1.5 * second, `${pauses}`)
    t.match(await find(sid), { status: 'ended', end: { reason: 'completed' }, teardown: null })
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
    t.same(calls(known).slice(-3), ['GET Webhooks', 'DELETE Webhooks', 'POST Conversations'])
    t.equal(calls(known).filter(call => call === 'POST Conversations').length, 1)
  }
)

t.test('it is never given up', async t => {
  const stage = await setStage(t)
  const { world, clock, idle, find } = stage
  const { conversation, sid } = await parked(stage)
  world.faults.add([{ call: 'GET Webhooks', status: 403, code: 50107, times: 1000 }])
  await stage.say(conversation, 'Fine')
  for (let hours = 0; hours < 60; hours++) {
    clock.pass(hourMs)
    await idle()
  }
  const { teardown } = await find(sid)
  t.ok(teardown && teardown.attempts > 50 && teardown.nextAt <= clock.now() + hourMs)
  world.faults.clear()
  clock.pass(hourMs)
  await idle()
  t.equal((await find(sid)).teardown, null)
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
})

t.test('it goes on after a restart', async t => {
  const before = await setStage(t)
  const { flow, conversation, sid } = await parked(before)
  before.world.faults.add([{ call: 'DELETE Webhooks', status: 503, times: 7 }])
  await before.say(conversation, 'Fine')
  await before.close()

  const { clock, idle, find, world, diagnosis } = await setStage(t, { after: before })
  t.match(await diagnosis(flow, sid), { status: 'ended', teardown: { attempts: 1 } })
  t.match(world.conversation(conversation), { state: 'active', webhooks: [{}] })
  clock.pass(hourMs)
  await idle()
  t.equal((await find(sid)).teardown, null)
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
})

t.test('a Conversation that is gone, or closed by somebody else, leaves nothing to do', async t => {
  const stage = await setStage(t)
  const { client, calls, world, idle, find } = stage
  const { conversations } = client.conversations.v1
  const { flow, conversation, sid } = await parked(stage)

  t.test('gone', async t => {
    await conversations(conversation).remove()
    const known = world.log.last
    await client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' })
    await idle()
    t.match(await find(sid), { teardown: null, end: { reason: 'api' } })
    t.same(calls(known), ['GET Webhooks 404', 'POST Conversations 404'])
  })

  t.test('closed', async t => {
    const conversation = stage.openConversation()
    const sid = await stage.start(flow, conversation)
    await conversations(conversation).update({ state: 'closed' })
    const known = world.log.last
    await client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' })
    await idle()
    t.match(await find(sid), { teardown: null, end: { reason: 'api' } })
    t.same(world.conversation(conversation).webhooks, [])
    t.same(calls(known), ['GET Webhooks', 'DELETE Webhooks', 'POST Conversations 400'])
  })

  t.test('the webhook removed by somebody else', async t => {
    const conversation = stage.openConversation()
    const sid = await stage.start(flow, conversation)
    world.faults.add([{ call: 'DELETE Webhooks', after: true, drop: true }])
    await stage.say(conversation, 'Fine')
    t.equal((await find(sid)).teardown, null)
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  })
})

t.test('webhooks of others are never touched', async t => {
  const stage = await setStage(t)
  const { client, world, url, find, calls } = stage
  const conversation = stage.openConversation()
  const { webhooks } = client.conversations.v1.conversations(conversation)
  const other = `${url}/webhooks/executions/FN${'0'.repeat(32)}`
  await webhooks.create({ target: 'studio', 'configuration.flowSid': `FW${'1'.repeat(32)}` })
  await webhooks.create({
    target: 'webhook',
    'configuration.url': other,
    'configuration.method': 'post',
    'configuration.filters': ['onMessageAdded']
  })
  const before = world.conversation(conversation).webhooks
  const flow = await stage.publish(askAndThank())
  const sid = await stage.start(flow, conversation)
  const parallel = await stage.start(await stage.publish(askAndThank()), conversation)
  t.equal(world.conversation(conversation).webhooks.length, 4)

  const known = world.log.last
  await client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' })
  await stage.idle()
  t.same(world.conversation(conversation).webhooks.slice(0, 2), before)
  t.match(world.conversation(conversation).webhooks[2], { url: new RegExp(`${parallel}$`) })
  t.equal(world.conversation(conversation).webhooks.length, 3)
  t.equal(calls(known).filter(call => call.startsWith('DELETE')).length, 1)
  t.equal((await find(sid)).teardown, null)
  await stage.say(conversation, 'Fine')
  t.equal((await find(parallel)).status, 'ended', 'the other one goes on')
  t.same(world.conversation(conversation).webhooks, before)
})

t.test('an execution that runs into a limit tidies up as well', async t => {
  const stage = await setStage(t)
  const { world, find, diagnosis } = stage
  const flow = await stage.publish(
    flowOf(
      [
        'resume',
        'resume-conversation',
        {
          conversation_sid: '{{flow.data.conversation_sid}}',
          close_conversation_on_execution_end: true
        },
        { resumed: 'loop', failed: null }
      ],
      ['loop', 'set-variables', { variables: [] }, { next: 'loop' }]
    )
  )
  const conversation = stage.openConversation()
  const sid = await stage.start(flow, conversation)
  t.match(await find(sid), { status: 'ended', end: { reason: 'failed' }, teardown: null })
  t.match(await diagnosis(flow, sid), { problems: [{ code: 81001, widget: 'loop' }] })
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
})

t.test(
  'an execution that is deleted while its teardown fails is gone at once, and its webhook soon',
  async t => {
    const stage = await setStage(t)
    const { client, world, clock, idle, runtime } = stage
    const { flow, conversation, sid } = await parked(stage)
    world.faults.add([{ call: 'DELETE Webhooks', status: 503, times: 12 }])
    await stage.say(conversation, 'Fine')
    const { executions } = client.studio.v2.flows(flow)
    t.equal(await executions(sid).remove(), true)
    await t.rejects(executions(sid).fetch(), { code: 20404 })
    await idle()
    t.match(world.conversation(conversation), { state: 'active', webhooks: [{}] })
    clock.pass(hourMs)
    await idle()
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
    t.equal(await runtime.executions.fetch(sid), null)
  }
)

/** An execution that waits for a reply and closes its Conversation at the end. */
async function parked(stage: Stage) {
  const flow = await stage.publish(askAndThank(true))
  const conversation = stage.openConversation()
  return { flow, conversation, sid: await stage.start(flow, conversation) }
}
