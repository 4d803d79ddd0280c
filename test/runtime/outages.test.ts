// What was said while the store was away is found when it is back.
import t from 'tap'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import type { ExecutionStore } from '../../src/runtime/ports.ts'
import { startRedis } from '../support/redis-server.ts'
import { lostReply, parked, several, within } from './questions.ts'
import { setStage } from './stage.ts'

/** Long before any scheduled look. */
const soonMs = 60_000

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
  const waiting = await several(3, lostReply, stage)
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
