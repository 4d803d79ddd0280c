// What was said while nobody listened is found when somebody does again.
import t from 'tap'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import type { ExecutionStore } from '../../src/runtime/ports.ts'
import { freePort } from '../service/process.ts'
import { eventually } from '../support/build-service.ts'
import { startRedis } from '../support/redis-server.ts'
import { questions } from './questions.ts'
import { type Stage, setStage } from './stage.ts'

/** Long before any scheduled look. */
const soonMs = 60_000

t.test('after a restart every wait that began before is looked at, and no other', async t => {
  const before = await setStage(t)
  const waiting = await parkedMany(before, 25)
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
  await parkedMany(stage, 12)
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
  const waiting = await parkedMany(before, 15)
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
  const waiting = await parkedMany(before, 15)
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

t.test('a reply whose webhook could not be taken in is found when the store is back', async t => {
  const stage = await setStage(t)
  const { runtime, bodies, world, find, idle, clock } = stage
  const { executions } = runtime
  for (const call of ['deliver', 'claimDue'] as const) {
    t.test(`where ${call} failed`, async t => {
      const { conversation, sid } = await parked(stage)
      clock.pass(10_000)
      await idle()
      const back = storeAway(executions, call === 'deliver' ? ['deliver'] : ['claimDue', 'deliver'])
      if (call === 'claimDue') world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true }])
      const known = world.log.last
      world.say(conversation, { body: 'lost' })
      await stage.simulator.idle()
      clock.pass(1000)
      await new Promise(resolve => setTimeout(resolve, 20))
      const [delivery] = world.log.after(known).filter(entry => entry.type === 'delivery')
      if (call === 'deliver') t.match(delivery, { status: 503 })
      back()
      await within(stage, soonMs, () => bodies(conversation).length === 3)
      await idle()
      t.match(await find(sid), { problems: [], pause: { token: '3' } })
    })
  }
})

t.test('a webhook that is refused for good reasons asks for no catch-up', async t => {
  const stage = await setStage(t)
  const { world, url, calls, clock, idle } = stage
  const { sid } = await parked(stage)
  clock.pass(10_000)
  await idle()
  const known = world.log.last
  const response = await fetch(`${url}/webhooks/executions/${sid}`, {
    method: 'POST',
    body: new URLSearchParams({ EventType: 'onMessageAdded' })
  })
  t.equal(response.status, 403)
  for (let seconds = 0; seconds < 30; seconds++) {
    clock.pass(1000)
    await idle()
  }
  t.same(calls(known), [])
})

t.test('a catch-up that the store breaks off is made again', async t => {
  const stage = await setStage(t)
  const { runtime, bodies, clock, idle } = stage
  const waiting = [await lostReply(stage), await lostReply(stage), await lostReply(stage)]
  clock.pass(10_000)
  await idle()
  const back = storeAway(runtime.executions, ['claim'])
  runtime.worker.catchUp()
  for (let seconds = 0; seconds < 20; seconds++) {
    clock.pass(1000)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  t.ok(waiting.every(({ conversation }) => bodies(conversation).length === 2))
  back()
  await within(stage, soonMs, () =>
    waiting.every(({ conversation }) => bodies(conversation).length === 3)
  )
})

t.test(
  'what one process has looked at, another one on the same Redis does not look at again',
  async t => {
    const environment = { REDIS_URL: (await startRedis(t)).url }
    const first = await setStage(t, { environment })
    const waiting = await parkedMany(first, 5)
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

t.test('what was said while a real Redis was down is found when it is back', async t => {
  const server = await startRedis(t, { appendonly: 'yes', appendfsync: 'always' })
  const stage = await setStage(t, { environment: { REDIS_URL: server.url } })
  const { bodies, world, simulator, find, clock, idle } = stage
  const { conversation, sid } = await parked(stage)
  clock.pass(10_000)
  await idle()
  await server.kill()
  const known = world.log.last
  world.say(conversation, { body: 'lost' })
  await simulator.idle()
  const [delivery] = world.log.after(known).filter(entry => entry.type === 'delivery')
  t.match(delivery, { status: 503 })
  await server.start()
  await within(stage, 10 * 60_000, () => bodies(conversation).length === 3)
  t.same(bodies(conversation), ['one?', 'lost', 'two?'])
  await idle()
  t.match(await find(sid), { problems: [] })
})

const unavailable = async () => {
  throw new StoreUnavailable('The store is away')
}

/** These calls fail until what it answers is called. */
function storeAway(executions: ExecutionStore, calls: readonly (keyof ExecutionStore)[]) {
  const real = Object.fromEntries(calls.map(call => [call, executions[call]]))
  Object.assign(executions, Object.fromEntries(calls.map(call => [call, unavailable])))
  return () => Object.assign(executions, real)
}

/** Lets time fly until it has come true, and insists that it took no longer than told. */
async function within(stage: Stage, ms: number, look: () => boolean) {
  const { clock } = stage
  const latest = clock.now() + ms
  await clock.passUntil(look)
  if (clock.now() > latest) throw new Error(`It took ${clock.now() - latest} ms too long: ${look}`)
}

let contacts = 0

async function parked(stage: Stage) {
  contacts += 1
  const to = `+1555600${String(contacts).padStart(4, '0')}`
  const flow = await stage.publish(questions(2))
  const conversation = stage.openConversation(to)
  return { flow, conversation, sid: await stage.start(flow, conversation, {}, to) }
}

async function parkedMany(stage: Stage, count: number) {
  const waiting: Awaited<ReturnType<typeof parked>>[] = []
  while (waiting.length < count) waiting.push(await parked(stage))
  return waiting
}

/** Waits, and has been answered, but nobody has told it so. */
async function lostReply(stage: Stage) {
  const waiting = await parked(stage)
  stage.world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true }])
  stage.world.say(waiting.conversation, { body: 'lost' })
  await stage.simulator.idle()
  return waiting
}
