// A reply whose webhook never came is found while the execution still waits.
import t from 'tap'
import { CallFailed } from '../../src/runtime/errors.ts'
import type { Tools } from '../../src/runtime/runtime.ts'
import { eventually } from '../support/build-service.ts'
import { lostReply, parked, questions } from './questions.ts'
import { setStage } from './stage.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** By then the first look is over, whatever the SID says. */
const firstLookMs = 19 * minuteMs

t.test('a lost reply is found long before the wait times out', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, calls, world, diagnosis, find } = stage
  const { flow, conversation, sid } = await lostReply(stage)
  const { next_look, last_look } = await diagnosis(flow, sid)
  t.equal(last_look, null)
  const dueIn = Date.parse(next_look ?? '') - clock.now()
  t.ok(dueIn > 11 * minuteMs && dueIn < firstLookMs)

  clock.pass(11 * minuteMs)
  await idle()
  t.same(bodies(conversation), ['one?', 'lost'])
  const known = world.log.last
  clock.pass(8 * minuteMs)
  await idle()
  t.same(bodies(conversation), ['one?', 'lost', 'two?'])
  t.same(calls(known), ['GET Conversations', 'GET Messages', 'POST Messages'])
  t.match(await find(sid), { problems: [], pause: { token: '3' } })
})

t.test('a wait that nobody answers is looked at rarely, and says when', async t => {
  const stage = await setStage(t)
  const { clock, idle, calls, publish, start, openConversation, diagnosis, bodies, world } = stage
  const flow = await publish(questions(1, { timeout: String(3 * 24 * 3600) }))
  const conversation = openConversation()
  const sid = await start(flow, conversation)
  const known = world.log.last
  for (let quarters = 0; quarters < 4 * 24; quarters++) {
    clock.pass(15 * minuteMs)
    await idle()
  }
  const reads = calls(known)
  t.ok(reads.length >= 10 && reads.length <= 18, `${reads.length} calls in a day`)
  t.ok(reads.every(call => call.startsWith('GET ')))
  const { last_look, next_look, problems } = await diagnosis(flow, sid)
  t.ok(Date.parse(last_look ?? '') > clock.now() - dayMs)
  t.ok(Date.parse(next_look ?? '') > clock.now())
  t.same(problems, [])
  t.same(bodies(conversation), ['one?'])
})

t.test('where it is switched off, only the end of the wait looks', async t => {
  const stage = await setStage(t, { environment: { CATCH_UP_MINUTES: '0' } })
  const { clock, idle, bodies, calls, world } = stage
  const { conversation } = await lostReply(stage)
  const known = world.log.last
  clock.pass(23 * hourMs)
  await idle()
  t.same(calls(known), [])
  clock.pass(2 * hourMs)
  await idle()
  t.same(bodies(conversation), ['one?', 'lost', 'two?'])
})

t.test('a look that fails fails nothing, and is made again', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, world, find, diagnosis } = stage

  t.test('while Twilio is away', async t => {
    const { conversation, sid } = await lostReply(stage)
    world.faults.add([{ call: 'GET Conversations', status: 503, times: 12 }])
    clock.pass(firstLookMs)
    await idle()
    const { pause, problems } = await find(sid)
    t.match(pause, { type: 'reply', look: { at: null, failures: 1 } })
    t.match(problems, [{ message: /could not be read back: Twilio answered 503/, widget: 'one' }])
    for (const _ of [1, 2, 3]) {
      clock.pass(minuteMs)
      await idle()
    }
    t.same(bodies(conversation), ['one?', 'lost', 'two?'])
    t.equal((await find(sid)).problems.length, 1, 'told once')
  })

  t.test('while our credentials are refused, past the end of the wait', async t => {
    const { flow, conversation, sid } = await lostReply(stage)
    const revoked = { status: 401, code: 20003, message: 'Authenticate', times: 1000 }
    world.faults.add([
      { call: 'GET Conversations', ...revoked },
      { call: 'GET Messages', ...revoked, status: 403, code: 50107 }
    ])
    for (let hours = 0; hours < 30; hours++) {
      clock.pass(hourMs)
      await idle()
    }
    t.same(bodies(conversation), ['one?', 'lost'])
    const { doing, status, problems } = await diagnosis(flow, sid)
    t.match({ doing, status }, { doing: 'It is waiting for a reply in one', status: 'active' })
    t.match(problems, [
      { code: 20003, message: /check the credentials/, widget: 'one' },
      { code: 50107, message: /check the credentials/, widget: 'one' }
    ])
    t.equal(problems.length, 2)
    world.faults.clear()
    clock.pass(2 * hourMs)
    await idle()
    t.same(bodies(conversation), ['one?', 'lost', 'two?'])
  })
})

t.test('a wait does not time out while Twilio cannot be reached at all', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, runtime } = stage
  const { conversation } = await lostReply(stage)
  const { conversations } = runtime
  const real = { ...conversations }
  const unreachable = async () => {
    const message = 'No answer from Twilio: connect ECONNREFUSED'
    throw new CallFailed({ code: null, status: null, message, outcome: 'refused' })
  }
  Object.assign(conversations, { fetch: unreachable, messagesAfter: unreachable })
  clock.pass(2 * dayMs)
  await idle()
  t.same(bodies(conversation), ['one?', 'lost'])
  Object.assign(conversations, real)
  clock.pass(hourMs)
  await idle()
  t.same(bodies(conversation), ['one?', 'lost', 'two?'])
})

t.test('a reply that the webhook and a look both tell of is one reply', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, world, find, runtime, path } = stage
  const { conversations } = runtime
  const { messagesAfter } = conversations

  t.test('where the webhook comes before the look has read', async t => {
    const { conversation, sid } = await parked(stage)
    during('before')
    await lookedWith(conversation)
    t.same(bodies(conversation), ['one?', 'said', 'two?'])
    t.match(await find(sid), { problems: [], pause: { token: '3' } })
  })

  t.test('where it comes after the look has read', async t => {
    const { conversation, sid } = await parked(stage)
    during('after')
    await lookedWith(conversation)
    t.same(bodies(conversation), ['one?', 'said', 'two?'])
    t.match(await find(sid), { problems: [], pause: { token: '3' } })
  })

  t.test('where it comes when the reply has been used', async t => {
    const { conversation, sid } = await parked(stage)
    world.faults.add([{ call: 'WEBHOOK onMessageAdded', delay: 1500 }])
    world.say(conversation, { body: 'said' })
    clock.pass(firstLookMs)
    await eventually(() => bodies(conversation).length === 3)
    await idle()
    t.same(bodies(conversation), ['one?', 'said', 'two?'])
    t.match(await find(sid), { problems: [], pause: { token: '3' } })
    t.same((await path(sid)).slice(2), ['one incomingMessage'])
  })

  t.test('and where the wait runs out during the look, it is still the answer', async t => {
    const { conversation, sid } = await parked(stage)
    Object.assign(conversations, {
      async messagesAfter(...input: Parameters<typeof messagesAfter>) {
        Object.assign(conversations, { messagesAfter })
        const read = await messagesAfter(...input)
        clock.pass(2 * dayMs)
        return read
      }
    })
    world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true }])
    world.say(conversation, { body: 'said' })
    clock.pass(firstLookMs)
    await idle()
    t.same(bodies(conversation).slice(0, 3), ['one?', 'said', 'two?'])
    t.same((await path(sid)).slice(2, 3), ['one incomingMessage'])
  })

  let said = ''

  /** The customer speaks while a look is under way, and their webhook is there before it goes on. */
  function during(moment: 'before' | 'after') {
    Object.assign(conversations, {
      async messagesAfter(...input: Parameters<typeof messagesAfter>) {
        Object.assign(conversations, { messagesAfter })
        if (moment === 'after') {
          const read = await messagesAfter(...input)
          world.say(said, { body: 'said' })
          await stage.simulator.idle()
          return read
        }
        world.say(said, { body: 'said' })
        await stage.simulator.idle()
        return messagesAfter(...input)
      }
    })
  }

  async function lookedWith(conversation: string) {
    said = conversation
    clock.pass(firstLookMs)
    await idle()
  }
})

t.test(
  'what the flow itself said, and what is older than the question, answers nothing',
  async t => {
    const stage = await setStage(t)
    const { clock, idle, bodies, world, client, publish, openConversation, find } = stage
    const conversation = openConversation()
    world.say(conversation, { body: 'long ago' })
    const sid = await stage.start(await publish(questions(2)), conversation)
    const [, question] = world.conversation(conversation).messages
    await client.conversations.v1.conversations(conversation).messages.create({
      author: 'an echo',
      body: 'an echo',
      attributes: JSON.stringify(question?.attributes)
    })
    clock.pass(firstLookMs)
    await idle()
    t.same(bodies(conversation), ['long ago', 'one?', 'an echo'])
    t.match(await find(sid), { problems: [], pause: { token: '2', look: { failures: 0 } } })
  }
)

t.test('a look that dies is made again, and its reply is used once', async t => {
  const stage = await setStage(t)
  const { clock, bodies, path, find, dieWhere, recover } = stage
  for (const [name, spoil] of Object.entries(deaths)) {
    t.test(name, async t => {
      const { conversation, sid } = await lostReply(stage)
      const died = dieWhere(spoil)
      clock.pass(firstLookMs)
      await died
      await recover()
      t.same(bodies(conversation), ['one?', 'lost', 'two?'])
      t.same((await path(sid)).slice(2), ['one incomingMessage'])
      t.match(await find(sid), { problems: [] })
      await stage.say(conversation, 'heard')
      t.same(bodies(conversation).slice(3), ['heard', 'thanks.'])
    })
  }
})

/** Each dies at one point of a look. */
const deaths: Record<string, (tools: Tools, die: () => Promise<never>) => Partial<Tools>> = {
  'before Twilio is asked': ({ conversations }, die) => ({
    conversations: { ...conversations, fetch: die }
  }),
  'before the messages are read': ({ conversations }, die) => ({
    conversations: { ...conversations, messagesAfter: die }
  }),
  'after the messages were read': ({ conversations }, die) => ({
    conversations: {
      ...conversations,
      async messagesAfter(...input) {
        await conversations.messagesAfter(...input)
        return die()
      }
    }
  }),
  'before the reply is accepted': ({ executions }, die) => ({
    executions: { ...executions, deliver: die }
  }),
  'after the reply was accepted': ({ executions }, die) => ({
    executions: {
      ...executions,
      async deliver(...input) {
        await executions.deliver(...input)
        return die()
      }
    }
  }),
  'before the look is saved': ({ executions }, die) => ({
    executions: { ...executions, commit: die }
  }),
  'after the look was saved': ({ executions }, die) => ({
    executions: {
      ...executions,
      async commit(...input) {
        await executions.commit(...input)
        return die()
      }
    }
  }),
  'before the next question is sent': ({ conversations }, die) => ({
    conversations: { ...conversations, send: die }
  }),
  'after the next question was sent': ({ conversations }, die) => ({
    conversations: {
      ...conversations,
      async send(...input) {
        await conversations.send(...input)
        return die()
      }
    }
  })
}
