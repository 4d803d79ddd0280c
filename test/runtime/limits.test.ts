// Twilio that has no time for us, or says nothing of what it did: it slows executions down, and no more.

import t from 'tap'
import type { Mood } from '../../src/simulator/moods.schema.ts'
import { twilioWritesPerSecond } from '../../src/simulator/write-limit.ts'
import { business, eventually, flowOf } from '../support/build-service.ts'
import { type Stage, setStage } from './stage.ts'

// Many calls, each of which is checked against Twilio's specification.
t.setTimeout(120_000)

type Widget = Parameters<typeof flowOf>[number]

const resume = (next: string, close = true): Widget => [
  'resume',
  'resume-conversation',
  {
    conversation_sid: '{{flow.data.conversation_sid}}',
    close_conversation_on_execution_end: close
  },
  { resumed: next, failed: null }
]
const say = (name: string, next: string | null): Widget => [
  name,
  'send-message',
  { body: `${name} of {{flow.data.name}}` },
  { sent: next, failed: null }
]
const ask = (name: string, next: string | null): Widget => [
  name,
  'send-and-wait-for-reply',
  { body: `${name}?`, timeout: '3600' },
  { incomingMessage: next, timeout: null, deliveryFailure: null }
]
const names = (count: number) => Array.from({ length: count }, (_, number) => `no-${number}`)

/** So many messages in a row. */
const outpouring = (count: number, close = true) =>
  flowOf(
    resume('no-0', close),
    ...names(count).map((name, place, all) => say(name, all[place + 1] ?? null))
  )

t.test('a hundred messages in a row arrive once, in order, and not too fast', async t => {
  const simulator = { writesPerSecond: twilioWritesPerSecond }
  const stage = await setStage(t, { simulator })
  const { publish, start, openConversation, bodies, find, clock, world, calls } = stage
  const conversation = openConversation()
  const began = clock.now()
  const sid = await start(await publish(outpouring(100)), conversation)
  t.same(
    bodies(conversation),
    names(100).map(name => `${name} of Ada`)
  )
  t.match(await find(sid), { end: { reason: 'completed' }, problems: [], teardown: null })
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  t.ok(trouble(calls()).length <= 4, 'what Twilio had to refuse is not asked again and again')
  t.ok(mostInASecond(stage) <= twilioWritesPerSecond)
  t.ok(clock.now() - began < 6000)
})

t.test('two executions in one Conversation share what it takes', async t => {
  const simulator = { writesPerSecond: twilioWritesPerSecond }
  const stage = await setStage(t, { simulator })
  const { publish, trigger, openConversation, bodies, find, idle, calls } = stage
  const conversation = openConversation()
  const flow = await publish(outpouring(40, false))
  const people = ['Ada', 'Grace', 'Joan']
  const executions = await Promise.all(
    people.map((name, place) =>
      trigger(flow, { conversation_sid: conversation, name }, `+1555600000${place}`)
    )
  )
  await idle()
  for (const name of people) {
    t.same(
      bodies(conversation).filter(body => body?.endsWith(name)),
      names(40).map(each => `${each} of ${name}`)
    )
  }
  for (const { sid } of executions) t.match(await find(sid), { status: 'ended', problems: [] })
  t.ok(trouble(calls()).length <= 4)
  t.ok(mostInASecond(stage) <= twilioWritesPerSecond)
})

t.test('somebody else who writes to the Conversation slows it down, and fails nothing', async t => {
  const simulator = { writesPerSecond: 5 }
  const { publish, start, openConversation, bodies, find, calls } = await setStage(t, { simulator })
  const conversation = openConversation()
  const sid = await start(await publish(outpouring(20)), conversation)
  t.same(
    bodies(conversation),
    names(20).map(name => `${name} of Ada`)
  )
  t.match(await find(sid), { status: 'ended', problems: [], teardown: null })
  t.ok(calls().includes('POST Messages 429'), 'as if there were somebody')
})

/** Makes a Conversation, or resumes one, asks, hands over to an agent where told, and closes. */
const journeys = {
  resumed: flowOf(resume('one'), ask('one', 'two'), ask('two', 'thanks'), say('thanks', null)),
  made: flowOf(
    [
      'open',
      'start-conversation',
      {
        participants: [
          {
            type: 'messaging',
            messaging_binding_address: '{{trigger.request.to}}',
            messaging_binding_proxy_address: '{{trigger.request.from}}'
          }
        ],
        close_conversation_on_execution_end: true
      },
      { created: 'hello', failed: null }
    ],
    say('hello', null)
  ),
  handedOver: flowOf(resume('one'), ask('one', 'agent'), [
    'agent',
    'send-to-flex',
    { workflow: `WW${'1'.repeat(32)}`, channel: `TC${'2'.repeat(32)}`, attributes: '{}' },
    { callComplete: null, failedToEnqueue: null, callFailure: null }
  ])
}

/** All journeys, each with somebody of its own; everybody answers whatever they are asked. */
async function play(
  stage: Stage,
  moods: Record<string, Mood>,
  journeyNames: (keyof typeof journeys)[]
) {
  const { publish, trigger, openConversation, world, clock, idle, find, client } = stage
  const flows = await Promise.all(journeyNames.map(name => publish(journeys[name])))
  world.moods.set({ seed: 4, calls: moods })
  const conversations: string[] = []
  const sids: string[] = []
  for (const flow of [...flows, ...flows]) {
    const to = `+1555700${String(sids.length).padStart(4, '0')}`
    const made = flow === flows[journeyNames.indexOf('made')]
    const conversation = made ? '' : openConversation(to)
    if (!made) conversations.push(conversation)
    sids.push((await trigger(flow, { conversation_sid: conversation, name: 'Ada' }, to)).sid)
  }
  const answered = new Map<string, number>()
  await clock.passUntil(async () => {
    for (const sid of conversations) {
      const { messages } = world.conversation(sid)
      const last = messages.at(-1)
      if (!last?.body?.endsWith('?') || answered.get(sid) === last.index) continue
      answered.set(sid, last.index)
      world.say(sid, { body: 'Fine' })
    }
    const all = await Promise.all(sids.map(find))
    return all.every(({ status, teardown }) => status === 'ended' && !teardown)
  })
  await idle()
  world.moods.clear()
  const everywhere = await client.conversations.v1.conversations.list()
  return {
    executions: await Promise.all(sids.map(find)),
    conversations: everywhere.map(({ sid }) => world.conversation(sid))
  }
}

t.test('a storm of 429s on every call fails nothing, and comes to an end', async t => {
  const stage = await setStage(t)
  const storm = { '*': { tooMany: { chance: 0.7, retryAfter: 1 } } }
  const { executions, conversations } = await play(stage, storm, ['resumed', 'made', 'handedOver'])
  for (const execution of executions) {
    t.match(execution, { end: { reason: 'completed' }, problems: [], teardown: null })
  }
  for (const { webhooks, messages, state, interactions } of conversations) {
    t.same(webhooks, [])
    t.equal(state, interactions.length > 0 ? 'active' : 'closed')
    t.equal(new Set(messages.map(({ sid }) => sid)).size, messages.length)
    const questions = messages.filter(({ author }) => author === business)
    t.equal(new Set(questions.map(({ body }) => body)).size, questions.length, 'nothing twice')
  }
  const refused = new Set(trouble(stage.calls()))
  for (const call of [
    'GET Conversations',
    'POST Conversations',
    'GET Participants',
    'POST Participants',
    'POST Webhooks',
    'GET Webhooks',
    'DELETE Webhooks',
    'POST Messages',
    'GET Configuration',
    'POST Interactions'
  ]) {
    t.ok(refused.has(`${call} 429`), `${call} was refused`)
  }
})

t.test('storms of other codes that mean the same fail nothing either', async t => {
  for (const code of [50063, 50074]) {
    const stage = await setStage(t)
    const { publish, start, openConversation, world, find, bodies } = stage
    const conversation = openConversation()
    const calls = ['GET Conversations', 'POST Webhooks', 'POST Messages', 'DELETE Webhooks']
    world.faults.add(calls.map(call => ({ call, status: 429, code, times: 7 })))
    const sid = await start(await publish(outpouring(2)), conversation)
    t.same(bodies(conversation), ['no-0 of Ada', 'no-1 of Ada'])
    t.match(await find(sid), { status: 'ended', problems: [], teardown: null })
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  }
})

for (const [name, mood] of Object.entries({
  'often answers what it did with a server error': {
    serverErrorAfter: { chance: 0.7 }
  },
  'often cuts the connection after the work': { timeoutAfter: { chance: 0.7 } }
})) {
  t.test(`a Twilio that ${name} makes nothing happen twice`, async t => {
    const stage = await setStage(t)
    const types = ['conversations', 'participants', 'webhooks', 'messages'].map(
      resource => [`POST ${resource}`, mood] as const
    )
    const { executions, conversations } = await play(stage, Object.fromEntries(types), [
      'resumed',
      'made'
    ])
    t.equal(conversations.length, 4)
    for (const execution of executions) {
      t.match(execution, { end: { reason: 'completed' }, problems: [], teardown: null })
    }
    for (const { webhooks, messages, participants, state } of conversations) {
      t.match({ webhooks, state }, { webhooks: [], state: 'closed' })
      t.equal(participants.length, 1)
      const ours = messages.filter(({ author }) => author === business)
      t.equal(new Set(ours.map(({ body }) => body)).size, ours.length)
    }
  })
}

t.test('a service that stops does not wait until Twilio has time again', async t => {
  const before = await setStage(t)
  const conversation = before.openConversation()
  const flow = await before.publish(flowOf(resume('one'), say('one', 'two'), say('two', null)))
  const parked = before.openConversation()
  before.world.faults.add([
    { call: 'POST Messages' },
    { call: 'POST Messages', status: 429, retryAfter: 300 }
  ])
  const begin = (conversation_sid: string, to: string) =>
    before.trigger(flow, { conversation_sid, name: 'Ada' }, to)
  const { sid } = await begin(conversation, '+15557770001')
  await eventually(() => before.clock.sleepsFor)
  const second = await begin(parked, '+15557770002')
  const { executions } = before.runtime
  const { deliver } = executions
  let delivered = false
  Object.assign(executions, {
    deliver: (...input: Parameters<typeof deliver>) =>
      deliver(...input).finally(() => {
        delivered = true
      })
  })
  const asking = before.call('POST', `/v2/Flows/${flow}/Executions/${second.sid}`, {
    form: { Status: 'ended' }
  })
  await eventually(() => delivered)
  await before.close()
  t.match(await asking, { status: 503, body: { code: 20503 } }, 'who asked may ask again')
  t.same(before.bodies(conversation), ['one of Ada'])
  t.same(before.bodies(parked), [])

  const { bodies, find, idle, world, clock } = await setStage(t, { after: before })
  await clock.passUntil(() => bodies(conversation).length + bodies(parked).length === 4)
  await idle()
  t.same(bodies(conversation), ['one of Ada', 'two of Ada'])
  t.same(bodies(parked), ['one of Ada', 'two of Ada'])
  for (const execution of [sid, second.sid]) {
    t.match(await find(execution), { end: { reason: 'completed' }, problems: [], teardown: null })
  }
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
})

/** Calls that Twilio did not do as asked. */
function trouble(calls: readonly string[]): string[] {
  return calls.filter(call => / (null|[45]\d\d)$/.test(call))
}

/** The most messages that Twilio took in any second. */
function mostInASecond({ world }: Stage): number {
  const times = world.log
    .after(0)
    .flatMap(entry => (entry.type === 'call' && /\/Messages$/.test(entry.path) ? [entry] : []))
    .filter(({ method, status }) => method === 'POST' && status === 201)
    .map(({ at }) => Date.parse(at))
  return Math.max(...times.map(from => times.filter(at => at >= from && at < from + 1000).length))
}
