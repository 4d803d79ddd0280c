// A reply that comes although an earlier one is missing: what was said first is taken first.
import t from 'tap'
import type { Tools } from '../../src/runtime/runtime.ts'
import { flowOf } from '../support/build-service.ts'
import { parked } from './questions.ts'
import { type Stage, setStage } from './stage.ts'

t.test('an earlier reply whose webhook was lost is taken first', async t => {
  const stage = await setStage(t)
  const { bodies, path, find, calls, world } = stage
  const { conversation, sid } = await parked(stage)
  const known = world.log.last
  await loseAndSay(stage, conversation)
  t.same(bodies(conversation), ['one?', 'lost', 'heard', 'two?'])
  t.same(calls(known), ['GET Messages', 'POST Messages'])
  t.match(await find(sid), {
    context: { widgets: { one: { inbound: { Body: 'lost', Index: '1' } } } },
    problems: [{ code: 81002, message: /index 2\) was ignored/ }]
  })
  await stage.say(conversation, 'B')
  t.same(bodies(conversation).slice(4), ['B', 'thanks.'])
  t.same((await path(sid)).slice(2, 4), ['one incomingMessage', 'two incomingMessage'])
})

t.test('several of them are taken in the order of the Conversation', async t => {
  const stage = await setStage(t)
  const { find, world, say } = stage
  const { conversation, sid } = await parked(stage)
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true, times: 3 }])
  for (const body of ['first', 'second', 'third']) world.say(conversation, { body })
  await say(conversation, 'fourth')
  t.match(await find(sid), {
    context: { widgets: { one: { inbound: { Body: 'first' } } } },
    problems: [/index 2\)/, /index 3\)/, /index 4\)/].map(message => ({ message }))
  })
})

t.test('a webhook that is only late changes nothing when it comes', async t => {
  const stage = await setStage(t)
  const { bodies, find, world, idle } = stage
  const { conversation, sid } = await parked(stage)
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', delay: 300 }])
  world.say(conversation, { body: 'late' })
  world.say(conversation, { body: 'early' })
  await idle()
  t.same(bodies(conversation), ['one?', 'late', 'early', 'two?'])
  t.match(await find(sid), {
    context: { widgets: { one: { inbound: { Body: 'late' } } } },
    pause: { token: '3' },
    problems: [{ message: /index 2\) was ignored/ }]
  })
})

t.test('and where it comes while the Conversation is being read, the order is kept', async t => {
  const stage = await setStage(t)
  const { bodies, find, world, runtime, simulator, idle } = stage
  const { conversation, sid } = await parked(stage)
  const { conversations } = runtime
  const { messagesAfter } = conversations
  Object.assign(conversations, {
    async messagesAfter(...input: Parameters<typeof messagesAfter>) {
      Object.assign(conversations, { messagesAfter })
      await simulator.idle()
      return messagesAfter(...input)
    }
  })
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', delay: 200 }])
  world.say(conversation, { body: 'late' })
  world.say(conversation, { body: 'early' })
  await idle()
  t.same(bodies(conversation), ['one?', 'late', 'early', 'two?'])
  t.match((await find(sid)).context, { widgets: { one: { inbound: { Body: 'late' } } } })
})

t.test('a reply right after the question costs no reading', async t => {
  const stage = await setStage(t)
  const { publish, start, openConversation, say, calls, find } = stage
  const ask = (name: string, next: string) =>
    [
      name,
      'send-and-wait-for-reply',
      { body: `${name}?` },
      { incomingMessage: next, timeout: null, deliveryFailure: null }
    ] as const
  const tell = (name: string, next: string | null) =>
    [name, 'send-message', { body: `${name}.` }, { sent: next, failed: null }] as const
  const flow = await publish(
    flowOf(
      [
        'resume',
        'resume-conversation',
        { conversation_sid: '{{flow.data.conversation_sid}}' },
        { resumed: 'welcome', failed: null }
      ],
      [...tell('welcome', 'about')],
      [...tell('about', 'one')],
      [...ask('one', 'good')],
      [...tell('good', 'two')],
      [...ask('two', 'three')],
      [...ask('three', 'end')],
      [...tell('end', null)]
    )
  )
  const conversation = openConversation()
  const sid = await start(flow, conversation)
  for (const body of ['A', 'B', 'C']) await say(conversation, body)
  t.match(await find(sid), { end: { reason: 'completed' }, problems: [] })
  t.notOk(calls().includes('GET Messages'))
})

t.test(
  'what other programs post between question and reply is no reply, and is read once',
  async t => {
    const stage = await setStage(t)
    const { bodies, find, calls, client, world, say } = stage
    const { conversation, sid } = await parked(stage)
    for (const body of ['from elsewhere', 'and again'])
      await client.conversations.v1.conversations(conversation).messages.create({ body })
    const known = world.log.last
    await say(conversation, 'A')
    t.same(bodies(conversation), ['one?', 'from elsewhere', 'and again', 'A', 'two?'])
    t.same(calls(known), ['GET Messages', 'POST Messages'])
    t.match(await find(sid), { problems: [], pause: { token: '3' } })
  }
)

t.test('a message that is older than the question, or comes too late, is not read for', async t => {
  const stage = await setStage(t)
  const { calls, world, find, say, simulator, idle } = stage
  const { conversation, sid } = await parked(stage)
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', delay: 300 }])
  await say(conversation, 'A')
  const known = world.log.last
  await simulator.idle()
  await idle()
  t.same(calls(known), [])
  t.match(await find(sid), { pause: { token: '3' } })
})

t.test(
  'where the Conversation cannot be read the reply is taken, and the execution says so',
  async t => {
    const stage = await setStage(t)
    const { bodies, find, world } = stage
    const { conversation, sid } = await parked(stage)
    world.faults.add([{ call: 'GET Messages', status: 500, times: 5 }])
    await loseAndSay(stage, conversation)
    t.same(bodies(conversation), ['one?', 'lost', 'heard', 'two?'])
    t.match(await find(sid), {
      context: { widgets: { one: { inbound: { Body: 'heard' } } } },
      problems: [{ message: /could not be read back: Twilio answered 500/, widget: 'one' }]
    })
  }
)

t.test('a turn that dies with a gap decides the same when it is repeated', async t => {
  const stage = await setStage(t)
  const { bodies, path, find, world, recover, dieWhere, simulator } = stage
  for (const readable of [true, false]) {
    for (const [name, spoil] of Object.entries(deaths)) {
      t.test(`${name}, Twilio ${readable ? 'read' : 'not readable'}`, async t => {
        const { conversation, sid } = await parked(stage)
        if (!readable) world.faults.add([{ call: 'GET Messages', status: 404, code: 20404 }])
        const died = dieWhere(spoil)
        world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true }])
        world.say(conversation, { body: 'lost' })
        world.say(conversation, { body: 'heard' })
        await died
        await simulator.idle()
        const decided = bodies(conversation).length > 3
        const { problems } = await find(sid)
        await recover()
        world.faults.clear()
        t.same(bodies(conversation), ['one?', 'lost', 'heard', 'two?'], 'nothing is said twice')
        t.same((await path(sid)).slice(2), ['one incomingMessage'])
        const { context } = await find(sid)
        if (readable) t.match(context, { widgets: { one: { inbound: { Body: 'lost' } } } })
        else if (decided || problems.length > 0)
          t.match(
            context,
            { widgets: { one: { inbound: { Body: 'heard' } } } },
            'as it was decided'
          )
        await stage.say(conversation, 'B')
        t.same(bodies(conversation).slice(4), ['B', 'thanks.'])
      })
    }
  }
})

t.test(
  'a turn that is repeated says nothing twice where the gap cannot be read any more',
  async t => {
    const stage = await setStage(t)
    const { bodies, world, client, recover, dieWhere, find } = stage
    const { conversation, sid } = await parked(stage)
    const { messages } = client.conversations.v1.conversations(conversation)
    await messages.create({ body: 'from elsewhere' })
    const died = dieWhere(({ executions }, die) => ({ executions: { ...executions, commit: die } }))
    world.say(conversation, { body: 'A' })
    await died
    t.same(bodies(conversation), ['one?', 'from elsewhere', 'A', 'two?'])
    world.faults.add([{ call: 'GET Messages', status: 403 }])
    await recover()
    t.same(bodies(conversation), ['one?', 'from elsewhere', 'A', 'two?'])
    t.match(await find(sid), { pause: { token: '3' }, problems: [{ message: /credentials/ }] })
  }
)

/** Each dies at one point of a turn that finds a gap. */
const deaths: Record<string, (tools: Tools, die: () => Promise<never>) => Partial<Tools>> = {
  'before the Conversation is read': ({ conversations }, die) => ({
    conversations: { ...conversations, messagesAfter: die }
  }),
  'before the first save': ({ executions }, die) => ({
    executions: { ...executions, commit: die }
  }),
  'after the first save': ({ executions }, die) => ({
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
  }),
  'before the second save': ({ executions }, die) => {
    let saves = 0
    return {
      executions: {
        ...executions,
        commit: (...input) => (saves++ === 0 ? executions.commit(...input) : die())
      }
    }
  }
}

/** Two replies, of which only the second one is told of. */
async function loseAndSay({ world, say }: Stage, conversation: string) {
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true }])
  world.say(conversation, { body: 'lost' })
  await say(conversation, 'heard')
}
