// What becomes of an execution whose Conversation somebody else closes or deletes while it waits there.
import t from 'tap'
import { CallFailed } from '../../src/runtime/errors.ts'
import { parked } from './questions.ts'
import { setStage } from './stage.ts'

const firstLookMs = 19 * 60_000

t.test('a look that finds the Conversation closed ends the execution, and says why', async t => {
  const stage = await setStage(t)
  const { clock, idle, calls, client, world, find, path, diagnosis } = stage
  const { flow, conversation, sid } = await parked(stage, { close: true })
  await client.conversations.v1.conversations(conversation).update({ state: 'closed' })
  const known = world.log.last
  clock.pass(firstLookMs)
  await idle()
  t.match(await diagnosis(flow, sid), {
    status: 'ended',
    end_reason: 'failed',
    teardown: null,
    problems: [
      {
        code: 50377,
        widget: 'one',
        message: `Conversation ${conversation} was closed, which is for good, while one waited for a reply there; start a new execution in an open Conversation`
      }
    ]
  })
  t.same((await path(sid)).at(-1), 'one failed')
  t.match((await find(sid)).context, { flow: { channel: { status: 'closed' } } })
  t.same(
    calls(known),
    ['GET Conversations', 'GET Messages', 'GET Webhooks', 'DELETE Webhooks'],
    'our webhook is removed; nothing is sent, and nothing closed'
  )
  t.same(world.conversation(conversation).webhooks, [])
})

t.test('one that is deleted ends it too, and nothing is written', async t => {
  const stage = await setStage(t)
  const { clock, idle, calls, client, world, diagnosis, find } = stage
  const { flow, conversation, sid } = await parked(stage, { close: true })
  await client.conversations.v1.conversations(conversation).remove()
  const known = world.log.last
  clock.pass(firstLookMs)
  await idle()
  t.match(await diagnosis(flow, sid), {
    status: 'ended',
    end_reason: 'failed',
    teardown: null,
    problems: [
      { code: 50350, widget: 'one', message: /^Conversation CH\w+, or its service, was deleted/ }
    ]
  })
  t.match((await find(sid)).context, { flow: { channel: { status: 'deleted' } } })
  t.same(calls(known), ['GET Conversations 404', 'GET Webhooks 404'])
})

t.test('one that is inactive is still waited in', async t => {
  const stage = await setStage(t)
  const { clock, idle, client, bodies, find } = stage
  const { conversation, sid } = await parked(stage, { close: true })
  await client.conversations.v1.conversations(conversation).update({ state: 'inactive' })
  clock.pass(firstLookMs)
  await idle()
  t.match(await find(sid), { status: 'active', problems: [] })
  await stage.say(conversation, 'A')
  t.same(bodies(conversation), ['one?', 'A', 'two?'])
})

t.test('what the customer said before it was closed is still taken', async t => {
  const stage = await setStage(t)
  const { clock, idle, client, world, path, find, calls } = stage
  const { conversation, sid } = await parked(stage, { close: true })
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true }])
  world.say(conversation, { body: 'lost' })
  await client.conversations.v1.conversations(conversation).update({ state: 'closed' })
  const known = world.log.last
  clock.pass(firstLookMs)
  await idle()
  t.same((await path(sid)).slice(2), ['one incomingMessage', 'two deliveryFailure'])
  t.match(await find(sid), {
    status: 'ended',
    context: {
      flow: { channel: { status: 'closed' } },
      widgets: { one: { inbound: { Body: 'lost' } } }
    },
    problems: [{ code: 81011, message: /closed/, widget: 'two' }]
  })
  t.notOk(calls(known).includes('POST Conversations'), 'what is closed is not closed again')
})

t.test('a wait that is over times out, also where its Conversation is gone', async t => {
  const stage = await setStage(t, { environment: { CATCH_UP_MINUTES: '0' } })
  const { clock, idle, client, path, find } = stage
  const { conversation, sid } = await parked(stage, { close: true })
  await client.conversations.v1.conversations(conversation).remove()
  clock.pass(25 * 60 * 60_000)
  await idle()
  t.same((await path(sid)).slice(2, 3), ['one timeout'])
  t.match(await find(sid), { status: 'ended' })
})

t.test('a Conversation is only gone where Twilio itself says so, of our own account', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, find, runtime } = stage
  const { conversations } = runtime
  const real = { ...conversations }
  const answering = (code: number | null) => async () => {
    throw new CallFailed({ code, status: 404, message: 'Not found', outcome: 'refused' })
  }

  t.test('not where a proxy answers', async t => {
    const { conversation, sid } = await parked(stage, { close: true })
    Object.assign(conversations, { fetch: answering(null), messagesAfter: answering(null) })
    clock.pass(25 * 60 * 60_000)
    await idle()
    t.match(await find(sid), { status: 'active', problems: [{ message: /not be read back/ }] })
    t.same(bodies(conversation), ['one?'])
    Object.assign(conversations, real)
    clock.pass(60 * 60_000)
    await idle()
    t.same(bodies(conversation).at(-1), 'bye.')
  })

  t.test('not where the service has the credentials of another account', async t => {
    const { conversation, sid } = await parked(stage, { close: true })
    const { accountSid } = runtime
    Object.assign(conversations, { fetch: answering(20404), messagesAfter: answering(20404) })
    const tools = { accountSid: `AC${'9'.repeat(32)}` }
    const died = stage.dieWhere(({ executions }, die) => ({
      ...tools,
      executions: {
        ...executions,
        async commit(...input) {
          await executions.commit(...input)
          return die()
        }
      }
    }))
    clock.pass(firstLookMs)
    await died
    t.match(await find(sid), { status: 'active', accountSid, problems: [{ code: 20404 }] })
    Object.assign(conversations, real)
    await stage.say(conversation, 'A')
    t.same(bodies(conversation), ['one?', 'A', 'two?'])
  })
})

t.test('an end that dies is made again, and nothing is written twice', async t => {
  const stage = await setStage(t)
  const { clock, client, world, find, recover, path } = stage
  for (const point of ['before', 'after'] as const) {
    t.test(`${point} it was accepted that the Conversation is lost`, async t => {
      const { conversation, sid } = await parked(stage, { close: true })
      await client.conversations.v1.conversations(conversation).update({ state: 'closed' })
      const died = stage.dieWhere(({ executions }, die) => ({
        executions: {
          ...executions,
          async deliver(...input) {
            if (point === 'after') await executions.deliver(...input)
            return die()
          }
        }
      }))
      clock.pass(firstLookMs)
      await died
      await recover()
      t.match(await find(sid), { status: 'ended', teardown: null, problems: [{ code: 50377 }] })
      t.same((await path(sid)).slice(2), ['one failed'])
      t.same(world.conversation(conversation).webhooks, [])
    })
  }
})
