// A burst of REST triggers: taken in first, run as room comes free.
import t, { type Test } from 'tap'
import { makeWorker } from '../../src/runtime/worker.ts'
import { askAndThank, eventually } from '../support/build-service.ts'
import { leaseMs, setStage } from './stage.ts'

const atOnce = 16
/** Of the worker: when it notices room that comes without the end of a turn. */
const noticedMs = 25

/** A stage on which first turns begin, and stand still before Twilio until they are let go. */
async function setBurst(t: Test, environment: Record<string, string> = {}) {
  const stage = await setStage(t, { environment })
  const { runtime, publish, trigger, openConversation, bodies } = stage
  const { conversations, worker } = runtime
  const flow = await publish(askAndThank())
  const waiting = new Set<() => void>()
  const began: string[] = []
  let held = false
  let running = 0
  let most = 0

  const { fetch } = conversations
  Object.assign(conversations, {
    async fetch(...input: Parameters<typeof fetch>) {
      if (held) await new Promise<void>(resolve => waiting.add(resolve))
      return fetch(...input)
    }
  })
  const { run } = worker
  Object.assign(worker, {
    run(...input: Parameters<typeof run>) {
      began.push(input[0].execution.sid)
      running += 1
      most = Math.max(most, running)
      return run(...input).finally(() => {
        running -= 1
      })
    }
  })
  const letGo = () => {
    held = false
    for (const go of waiting) go()
    waiting.clear()
  }
  // Before the service is closed, which waits for them.
  t.teardown(letGo)

  let people = 0
  return {
    ...stage,
    began,
    most: () => most,
    running: () => running,
    /** First turns that stand still. */
    atTwilio: () => waiting.size,
    hold() {
      held = true
    },
    letGo,
    flow,
    /** Triggers so many at once, each for a contact of its own; resolves when all are answered. */
    async burst(count: number) {
      const all = Array.from({ length: count }, async () => {
        people += 1
        const to = `+1555200${String(people).padStart(4, '0')}`
        const conversation = openConversation(to)
        const { sid } = await trigger(flow, { conversation_sid: conversation, name: 'Ada' }, to)
        return { conversation, sid }
      })
      return Promise.all(all)
    },
    asked: (all: readonly { conversation: string }[]) =>
      all.filter(({ conversation }) => bodies(conversation).length === 1).length
  }
}

t.test('a burst of 200 is taken in before its turns, and a few of them run at once', async t => {
  const { burst, hold, letGo, running, most, asked, find, began } = await setBurst(t)
  hold()
  const all = await burst(200)
  t.equal(running(), atOnce, 'all are answered, and no turn has ended')
  letGo()
  // Time stands still, so nobody waits for an interval.
  await eventually(() => asked(all) === 200 && running() === 0, 60_000)
  t.equal(most(), atOnce)
  t.equal(new Set(began).size, 200)
  t.equal(began.length, 200, 'each has one turn')
  for (const { sid } of all)
    t.match(await find(sid), { status: 'active', pause: { type: 'reply' }, problems: [] })
})

t.test('those that wait run in the order in which they came', async t => {
  const { burst, hold, letGo, running, asked, began, clock } = await setBurst(t)
  hold()
  const first = await burst(atOnce)
  const line: Awaited<ReturnType<typeof burst>> = []
  while (line.length < 30) {
    clock.work(1)
    line.push(...(await burst(1)))
  }
  letGo()
  await eventually(() => asked([...first, ...line]) === atOnce + 30 && running() === 0, 30_000)
  t.same(
    began.slice(atOnce),
    line.map(({ sid }) => sid)
  )
})

t.test('whoever comes while others wait comes after them', async t => {
  const { burst, hold, letGo, running, asked, began, clock } = await setBurst(t)
  hold()
  const first = await burst(atOnce + 1)
  const waits = first.find(({ sid }) => !began.includes(sid))?.sid
  clock.work(1)
  letGo()
  const late = await burst(1)
  await eventually(() => asked([...first, ...late]) === atOnce + 2 && running() === 0)
  t.same(began.slice(atOnce), [waits, late[0]?.sid])
})

t.test('a running conversation goes on at once during a burst', async t => {
  const { burst, hold, running, world, bodies, simulator, letGo } = await setBurst(t)
  const [talk] = await burst(1)
  await eventually(() => running() === 0)
  hold()
  await burst(100)
  world.say(talk?.conversation ?? '', { body: 'Fine' })
  await simulator.idle()
  await eventually(() => bodies(talk?.conversation ?? '').at(-1) === '"Fine" is noted.')
  await eventually(() => running() === atOnce)
  letGo()
})

t.test('while Twilio is slow and the process idle, more of them begin', async t => {
  const { burst, hold, running, clock } = await setBurst(t)
  hold()
  await burst(100)
  t.equal(running(), atOnce)
  clock.work(500)
  await new Promise(resolve => setTimeout(resolve, 100))
  t.equal(running(), atOnce, 'the process has enough to do')
  clock.pass(noticedMs)
  await eventually(() => running() === 2 * atOnce)
  clock.work(1000)
  await eventually(() => running() === 3 * atOnce)
})

t.test('however slow Twilio is, webhooks find room', async t => {
  const { burst, hold, running, clock, world, bodies } = await setBurst(t, { MAX_TURNS: '10' })
  const [talk] = await burst(1)
  await eventually(() => running() === 0)
  hold()
  await burst(30)
  for (let passed = 0; passed < 1000; passed += 100) {
    clock.pass(100)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  t.equal(running(), 8)
  world.say(talk?.conversation ?? '', { body: 'Fine' })
  await eventually(() => bodies(talk?.conversation ?? '').at(-1) === '"Fine" is noted.')
})

t.test('another process runs what waits here', async t => {
  const { burst, hold, letGo, running, atTwilio, runtime, asked } = await setBurst(t)
  hold()
  const all = await burst(40)
  const other = makeWorker(runtime, { maxTurns: 500, pollMs: 250, leaseMs })
  t.teardown(() => other.stop())
  other.start()
  await eventually(() => atTwilio() === 2 * atOnce)
  t.equal(running(), atOnce, 'half of them here')
  letGo()
  await eventually(() => asked(all) === 40)
})
