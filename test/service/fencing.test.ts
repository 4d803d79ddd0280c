// A process that stands still past its lease, as a machine that is suspended does, and wakes up again.
import t, { type Test } from 'tap'
import { askAndThank, customer, eventually, flowOf } from '../support/build-service.ts'
import { startRedis } from '../support/redis-server.ts'
import { buildOnce, freePort, setScene, startProcess } from './process.ts'

t.setTimeout(180_000)
buildOnce()

const leaseSeconds = 2
const patienceMs = 20_000

/** Two processes on one Redis: Twilio reaches one of them, and the other one takes the triggers. */
async function setPair(t: Test) {
  const scene = await setScene(t)
  const { url: REDIS_URL } = await startRedis(t)
  const shared = {
    ...scene.settings,
    REDIS_URL,
    LEASE_SECONDS: String(leaseSeconds),
    LOG_LEVEL: 'info'
  }
  const reached = startProcess(t, shared)
  await reached.ready()
  const flowSids = {
    asks: await scene.publish(askAndThank(true)),
    speaks: await scene.publish(oneAndTwo)
  }
  const port = String(await freePort())
  const sleeper = startProcess(t, { ...shared, PORT: port })
  await sleeper.ready()
  scene.client.studio.baseUrl = `http://127.0.0.1:${port}`
  return { ...scene, reached, sleeper, flowSids }
}

/** The Conversation stays open, so that what is said too often can be seen in it. */
const open = {
  conversation_sid: '{{flow.data.conversation_sid}}',
  close_conversation_on_execution_end: false
}
const oneAndTwo = flowOf(
  ['resume', 'resume-conversation', open, { resumed: 'one', failed: null }],
  ['one', 'send-message', { body: 'One.' }, { sent: 'two', failed: null }],
  ['two', 'send-message', { body: 'Two.' }, { sent: null, failed: null }]
)

t.test(
  'a process that wakes in the middle of a turn finds it taken over, and drops it',
  async t => {
    const {
      world,
      bodies,
      trigger,
      leftBehindNothing,
      client,
      reached,
      sleeper,
      flowSids,
      settings
    } = await setPair(t)
    world.faults.add([{ call: 'POST Messages', after: true, delay: 1000 }])
    const { conversation, sid } = await trigger(flowSids.asks, customer)
    await eventually(() => bodies(conversation).length === 1)
    sleeper.signal('SIGSTOP')

    // The other one finds the question in the Conversation, waits, and hears the answer.
    client.studio.baseUrl = settings.PUBLIC_URL ?? ''
    const execution = client.studio.v2.flows(flowSids.asks).executions(sid)
    const { steps } = execution
    await eventually(async () => (await steps.list()).length === 2, patienceMs)
    world.say(conversation, { body: 'Fine' })
    await leftBehindNothing(conversation)
    const known = await stateOf()

    sleeper.signal('SIGCONT')
    await eventually(
      () => /Another worker has claimed execution/.test(sleeper.output()),
      patienceMs
    )
    t.match(sleeper.output(), sid)
    t.notMatch(reached.output(), /Another worker has claimed/)
    t.same(bodies(conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])
    t.same(await stateOf(), known)

    async function stateOf() {
      const names = (await steps.list()).map(({ name }) => name)
      return {
        names,
        status: (await execution.fetch()).status,
        conversation: world.conversation(conversation)
      }
    }
  }
)

t.test('nor does it say what was still to be said in that turn', async t => {
  const { world, bodies, trigger, sleeper, flowSids } = await setPair(t)
  world.faults.add([{ call: 'POST Messages', after: true, delay: 500 }])
  const { conversation } = await trigger(flowSids.speaks, customer)
  await eventually(() => bodies(conversation).length === 1)
  sleeper.signal('SIGSTOP')
  await eventually(() => world.conversation(conversation).webhooks.length === 0, patienceMs)
  sleeper.signal('SIGCONT')
  await eventually(() => /Another worker has claimed execution/.test(sleeper.output()), patienceMs)
  t.same(bodies(conversation), ['One.', 'Two.'])
})

t.test('nor what Twilio had told it to send later', async t => {
  const { world, bodies, trigger, asked, sleeper, flowSids } = await setPair(t)
  world.faults.add([{ call: 'POST Messages', status: 429, retryAfter: 1 }])
  const { conversation } = await trigger(flowSids.speaks, customer)
  await eventually(() => asked('POST', 'Messages') === 1)
  sleeper.signal('SIGSTOP')
  await eventually(() => world.conversation(conversation).webhooks.length === 0, patienceMs)
  sleeper.signal('SIGCONT')
  await eventually(() => /Another worker has claimed execution/.test(sleeper.output()), patienceMs)
  t.same(bodies(conversation), ['One.', 'Two.'])
})
