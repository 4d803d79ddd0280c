// What was said while nobody listened is found when somebody does again.
import t from 'tap'
import { freePort } from '../service/process.ts'
import { eventually } from '../support/build-service.ts'
import { startRedis } from '../support/redis-server.ts'
import { lostReply, parked, several, within } from './questions.ts'
import { setStage } from './stage.ts'

/** Long before any scheduled look. */
const soonMs = 60_000

t.test('after a restart every wait that began before is looked at, and no other', async t => {
  const before = await setStage(t)
  const waiting = await several(25, parked, before)
  await before.close()
  const spoke = waiting.filter((_, at) => at % 2 === 0)
  for (const { conversation } of spoke) before.world.say(conversation, { body: 'lost' })
  await before.simulator.idle()
  const known = before.world.log.last

  const stage = await setStage(t, { after: before })
  const { bodies, calls, clock, idle, find } = stage
  await within(stage, soonMs, () =>
    spoke.every(({ conversation }) => bodies(conversation).length === 3)
  )
  await idle()
  for (const { sid } of waiting) t.match(await find(sid), { status: 'active', problems: [] })
  const reads = () => calls(known).filter(call => call === 'GET Messages').length
  await within(stage, soonMs, () => reads() >= 25)
  t.equal(reads(), 25, 'each one once, and those that ask again not at all')
  clock.pass(soonMs)
  await idle()
  t.equal(reads(), 25)
})

t.test('however often it is asked for, one catch-up runs at a time', async t => {
  const stage = await setStage(t)
  const { calls, world, runtime, idle, clock } = stage
  await several(12, parked, stage)
  clock.pass(10_000)
  const { conversations } = runtime
  const { fetch } = conversations
  let under = 0
  let most = 0
  Object.assign(conversations, {
    async fetch(...input: Parameters<typeof fetch>) {
      under += 1
      most = Math.max(most, under)
      await new Promise(resolve => setTimeout(resolve, 20))
      under -= 1
      return fetch(...input)
    }
  })
  const known = world.log.last
  for (let times = 0; times < 100; times++) runtime.worker.catchUp()
  const reads = () => calls(known).filter(call => call === 'GET Messages').length
  await within(stage, soonMs, () => reads() >= 12)
  await idle()
  t.equal(reads(), 12)
  t.ok(most <= 10, `${most} at once`)
})

t.test('an execution that is held at that moment is looked at afterwards', async t => {
  const stage = await setStage(t)
  const { runtime, clock, bodies, idle } = stage
  const { executions } = runtime
  const { conversation, sid } = await lostReply(stage)
  clock.pass(1000)
  await idle()
  const claim = await executions.claim(sid, clock.now())
  if (!claim) throw new Error('It cannot be held')
  let refused = 0
  const { claim: take } = executions
  Object.assign(executions, {
    async claim(...input: Parameters<typeof take>) {
      const taken = await take(...input)
      if (!taken) refused += 1
      return taken
    }
  })
  runtime.worker.catchUp()
  await within(stage, 20_000, () => refused > 1)
  const { execution } = claim
  const turn = { steps: [], consumed: [], dueAt: null, hold: false, now: clock.now() }
  await executions.commit(claim, { execution, ...turn })
  await within(stage, 20_000, () => bodies(conversation).length === 3)
})

t.test('one that has a message in its inbox takes that, and is looked at all the same', async t => {
  const stage = await setStage(t)
  const { runtime, clock, bodies, idle, find } = stage
  const { executions } = runtime
  const { conversation, sid } = await lostReply(stage)
  clock.pass(1000)
  await idle()
  // Only the catch-up claims it.
  Object.assign(executions, { claimDue: async () => [] })
  const old = {
    type: 'message-received',
    id: `IM${'e'.repeat(32)}`,
    at: clock.now(),
    conversationSid: conversation,
    index: 0,
    sentBy: null,
    payload: { Body: 'old' }
  } as const
  await executions.deliver(sid, old, { now: clock.now(), claim: false })
  runtime.worker.catchUp()
  await within(stage, 20_000, () => bodies(conversation).length === 3)
  await idle()
  t.match(await find(sid), { problems: [{ code: 81002, message: /index 0\) was ignored/ }] })
})

t.test('while Twilio is away nothing is given up', async t => {
  const before = await setStage(t)
  const waiting = await several(15, parked, before)
  await before.close()
  for (const { conversation } of waiting) before.world.say(conversation, { body: 'lost' })
  await before.simulator.idle()

  before.world.faults.add([{ call: 'GET Conversations', status: 401, times: 40 }])
  const stage = await setStage(t, { after: before })
  const { bodies, find } = stage
  await within(stage, 15 * 60_000, () =>
    waiting.every(({ conversation }) => bodies(conversation).length === 3)
  )
  for (const { sid } of waiting) t.match(await find(sid), { status: 'active' })
})

t.test('it stops when the service does', async t => {
  const before = await setStage(t)
  const waiting = await several(15, parked, before)
  await before.close()
  before.world.faults.add([{ call: 'GET Messages', delay: 100, times: 100 }])
  const known = before.world.log.last
  const { close, calls, clock } = await setStage(t, { after: before })
  const reads = () => calls(known).filter(call => call === 'GET Messages').length
  await eventually(() => {
    clock.pass(250)
    return reads() > 0
  })
  await close()
  const made = reads()
  t.ok(made <= 11, `${made} of ${waiting.length}`)
  await new Promise(resolve => setTimeout(resolve, 200))
  t.equal(reads(), made)
})

t.test(
  'what one process has looked at, another one on the same Redis does not look at again',
  async t => {
    const environment = { REDIS_URL: (await startRedis(t)).url }
    const first = await setStage(t, { environment })
    const waiting = await several(5, parked, first)
    first.clock.pass(10_000)
    await first.idle()
    const second = await setStage(t, {
      environment,
      after: { dataDir: first.dataDir, port: await freePort(), twin: first.twin }
    })
    // Whoever began to listen earlier has nothing to look for that the other one did not.
    second.clock.pass(60_000)
    const known = first.world.log.last
    const reads = () => first.calls(known).filter(call => call === 'GET Messages').length
    second.runtime.worker.catchUp()
    await within(second, soonMs, () => reads() === waiting.length)
    await second.idle()
    const { list } = first.runtime.executions
    let listed = 0
    Object.assign(first.runtime.executions, {
      list: (...input: Parameters<typeof list>) => {
        listed += 1
        return list(...input)
      }
    })
    first.runtime.worker.catchUp()
    await within(first, 10_000, () => listed > 0)
    await first.idle()
    t.equal(reads(), waiting.length)
  }
)
