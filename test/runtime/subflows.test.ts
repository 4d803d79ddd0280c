// Flows that run flows: which revision runs, for whom, and what comes back.

import t, { type Test } from 'tap'
import { business, flowOf } from '../support/build-service.ts'
import { setStage } from './stage.ts'

type Widget = Parameters<typeof flowOf>[number]

const subflowSid = `FW${'ab'.repeat(16)}`

/** A flow that another one can call. */
function subflowOf(...widgets: Widget[]) {
  const { states, ...flow } = flowOf(...widgets)
  const [trigger, ...others] = states
  const transitions = [{ event: 'incomingParent', next: widgets[0]?.[0] ?? null }]
  return { ...flow, states: [{ ...trigger, transitions }, ...others] }
}

/** Asks for a day, and hands it back. */
const dayFlow = (question: string) =>
  subflowOf(
    [
      'ask',
      'send-and-wait-for-reply',
      { body: `${question} for {{trigger.parent.parameters.what}}?`, timeout: '3600' },
      { incomingMessage: 'keep', timeout: null, deliveryFailure: null }
    ],
    [
      'keep',
      'set-variables',
      { variables: [{ key: 'day', value: '{{widgets.ask.inbound.Body}}' }] },
      { next: null }
    ]
  )

const call = (
  name: string,
  next: string | null,
  revision: string,
  flowSid = subflowSid
): Widget => [
  name,
  'run-subflow',
  {
    flow_sid: flowSid,
    flow_revision: revision,
    parameters: [{ key: 'what', type: 'string', value: name }]
  },
  { completed: next, failed: 'sorry' }
]

/** Resumes a Conversation, calls the subflow twice, and sums up. */
const parentFlow = (revision = 'LatestPublished', flowSid = subflowSid) =>
  flowOf(
    [
      'resume',
      'resume-conversation',
      { conversation_sid: '{{flow.data.conversation_sid}}' },
      { resumed: 'one', failed: null }
    ],
    call('one', 'two', revision, flowSid),
    call('two', 'sum', revision, flowSid),
    [
      'sum',
      'send-message',
      { body: '{{widgets.one.day}} and {{widgets.two.day}}.' },
      { sent: null, failed: null }
    ],
    ['sorry', 'send-message', { body: 'Sorry.' }, { sent: null, failed: null }]
  )

async function setUp(t: Test) {
  const stage = await setStage(t)
  const { call, client } = stage
  return {
    ...stage,
    /** Saves a flow under a SID that other flows name. */
    async put(definition: object, status: 'published' | 'draft' = 'published', sid = subflowSid) {
      const answer = await call('PUT', `/v2/Flows/${sid}`, {
        form: {
          FriendlyName: 'A subflow',
          Status: status,
          Definition: JSON.stringify(definition)
        }
      })
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body))
      return answer.body.revision as number
    },
    testUsers: (sid: string, testUsers: string[]) =>
      client.studio.v2.flows(sid).testUsers().update({ testUsers })
  }
}

t.test('a subflow is the one that was published when it is called', async t => {
  const { put, publish, start, say, openConversation, bodies, find, path, runtime } = await setUp(t)
  await put(dayFlow('Which day'))
  const parent = await publish(parentFlow())
  const conversation = openConversation()
  const sid = await start(parent, conversation)
  t.same(bodies(conversation), ['Which day for one?'])

  await put(dayFlow('What day'))
  await put(dayFlow('Draft'), 'draft')
  t.match(await find(sid), { frames: [{}, { flowSid: subflowSid, revision: 1, widget: 'ask' }] })
  await say(conversation, 'Monday')
  t.same(bodies(conversation).slice(1), ['Monday', 'What day for two?'])
  t.match(await find(sid), { frames: [{}, { revision: 2 }] })
  await say(conversation, 'Tuesday')
  t.equal(bodies(conversation).at(-1), 'Monday and Tuesday.')
  t.same(await path(sid), [
    'Trigger incomingRequest',
    'resume resumed',
    'Trigger incomingParent',
    'ask incomingMessage',
    'keep next',
    'one completed',
    'Trigger incomingParent',
    'ask incomingMessage',
    'keep next',
    'two completed',
    'sum sent'
  ])
  const steps = await runtime.executions.fetchSteps(sid)
  const [one, two] = steps.filter(({ type }) => type === 'run-subflow')
  t.same(
    steps.map(({ parentSid }) => parentSid),
    [null, null, one, one, one, null, two, two, two, null, null].map(step => step?.sid ?? null)
  )
})

t.test('a running execution stays in its revision of a subflow', async t => {
  const { put, publish, start, say, openConversation, bodies } = await setUp(t)
  await put(dayFlow('Which day'))
  const parent = await publish(parentFlow('1'))
  const conversation = openConversation()
  await start(parent, conversation)
  await put(subflowOf(['gone', 'set-variables', { variables: [] }, { next: null }]))
  await say(conversation, 'Monday')
  await say(conversation, 'Tuesday')
  t.same(bodies(conversation), [
    'Which day for one?',
    'Monday',
    'Which day for two?',
    'Tuesday',
    'Monday and Tuesday.'
  ])
})

t.test('drafts of a subflow are for the test users of the flow that calls it', async t => {
  const { put, publish, start, openConversation, bodies, testUsers } = await setUp(t)
  await put(dayFlow('Published'))
  await put(dayFlow('Draft'), 'draft')
  const tester = '+15553334444'
  await testUsers(subflowSid, ['+15550001111'])
  for (const [revision, forTester] of [
    ['LatestRevision', 'Draft'],
    ['LatestDraft', 'Draft'],
    ['LatestPublished', 'Published'],
    ['1', 'Published']
  ] as const) {
    const parent = await publish(parentFlow(revision))
    await testUsers(parent, ['+15559998888', tester])
    for (const [to, expected] of [
      ['+15550001111', 'Published'],
      [tester, forTester]
    ] as const) {
      const conversation = openConversation()
      await start(parent, conversation, {}, to)
      t.same(bodies(conversation), [`${expected} for one?`], `${revision} for ${to}`)
    }
  }
})

t.test(
  'test users get the latest draft of a flow when they start, others what is published',
  async t => {
    const { publish, client, testUsers, trigger, find, idle } = await setUp(t)
    const flow = (value: string) =>
      flowOf(['set', 'set-variables', { variables: [{ key: 'is', value }] }, { next: null }])
    const sid = await publish(flow('published'))
    await client.studio.v2.flows(sid).update({ status: 'draft', definition: flow('draft') })
    const tester = '+15553334444'
    const begin = async (to: string) => {
      const execution = await trigger(sid, {}, to)
      await idle()
      const { context } = await find(execution.sid)
      return [execution.flowVersion, (context as { flow: { variables: object } }).flow.variables]
    }
    t.same(await begin(tester), [1, { is: 'published' }])
    await testUsers(sid, [tester])
    t.same(await begin(tester), [2, { is: 'draft' }])
    t.same(await begin('+15550009999'), [1, { is: 'published' }])
    await testUsers(sid, [''])
    t.same(await begin(tester), [1, { is: 'published' }])

    t.test('and who tests a faulty draft is told so', async t => {
      await testUsers(sid, [tester])
      const faulty = flowOf(['set', 'nothing-like-it', {}, { next: null }])
      await client.studio.v2.flows(sid).update({ status: 'draft', definition: faulty })
      const execution = await trigger(sid, {}, tester)
      await idle()
      t.match(await find(execution.sid), {
        status: 'ended',
        end: { reason: 'failed' },
        problems: [{ message: /flow definition has 1 fault/ }]
      })
      t.same(await begin('+15550009999'), [1, { is: 'published' }])
    })
  }
)

t.test('a subflow that cannot be run fails its widget, and says why', async t => {
  const { put, publish, start, openConversation, bodies, diagnosis, find } = await setUp(t)
  await put(dayFlow('Draft'), 'draft', `FW${'cd'.repeat(16)}`)
  await put(dayFlow('Published'))
  for (const [flowSid, revision, problem] of [
    [`FW${'00'.repeat(16)}`, 'LatestPublished', /no published revision of flow FW0{32}/],
    [`FW${'cd'.repeat(16)}`, 'LatestPublished', /no published revision of flow FWcd/],
    [`FW${'cd'.repeat(16)}`, 'LatestRevision', /no published revision of flow FWcd/],
    [subflowSid, '7', /no revision 7 of flow/]
  ] as const) {
    const parent = await publish(parentFlow(revision, flowSid))
    const conversation = openConversation()
    const sid = await start(parent, conversation)
    t.same(bodies(conversation), ['Sorry.'])
    t.match(await diagnosis(parent, sid), {
      status: 'ended',
      end_reason: 'completed',
      problems: [{ code: 81024, message: problem, widget: 'one' }]
    })
    t.match(await find(sid), { frames: [{}], teardown: null })
  }
})

t.test('what a subflow attaches is its parent’s, and is let go at the end', async t => {
  const { put, publish, trigger, say, idle, openConversation, bodies, world, find } = await setUp(t)
  await put(
    subflowOf([
      'resume',
      'resume-conversation',
      {
        conversation_sid: '{{flow.data.conversation_sid}}',
        close_conversation_on_execution_end: true
      },
      { resumed: null, failed: null }
    ])
  )
  const parent = await publish(
    flowOf(
      call('one', 'ask', 'LatestPublished'),
      [
        'ask',
        'send-and-wait-for-reply',
        { body: 'In {{flow.channel.sid}} of {{flow.flow_sid}}?', timeout: '60' },
        { incomingMessage: null, timeout: null, deliveryFailure: null }
      ],
      ['sorry', 'send-message', { body: 'Sorry.' }, { sent: null, failed: null }]
    )
  )
  const conversation = openConversation()
  const { sid } = await trigger(parent, { conversation_sid: conversation })
  await idle()
  t.same(bodies(conversation), [`In ${conversation} of ${parent}?`])
  await say(conversation, 'yes')
  t.match(await find(sid), { end: { reason: 'completed' }, teardown: null, to: /^\+/ })
  t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  t.match(world.conversation(conversation).messages, [{ author: business }, {}])
})

t.test('a turn that died in a subflow goes on there', async t => {
  const {
    put,
    publish,
    start,
    say,
    openConversation,
    bodies,
    world,
    dieInNextTurn,
    recover,
    path
  } = await setUp(t)
  await put(dayFlow('Which day'))
  const parent = await publish(parentFlow())
  const conversation = openConversation()
  const sid = await start(parent, conversation)
  const died = dieInNextTurn()
  world.say(conversation, { body: 'Monday' })
  await died
  await put(dayFlow('What day'))
  await recover()
  t.same(bodies(conversation).slice(0, 3), ['Which day for one?', 'Monday', 'Which day for two?'])
  await say(conversation, 'Tuesday')
  t.equal(bodies(conversation).at(-1), 'Monday and Tuesday.')
  t.equal((await path(sid)).length, 11)
})
