// How calls to Twilio wait for each other.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { makeHttpClient } from '../../src/adapters/twilio/http-client.ts'
import { makeThrottle } from '../../src/adapters/twilio/throttle.ts'
import { makeWriteQueue, windowMs, writesPerWindow } from '../../src/adapters/twilio/write-queue.ts'
import { Stopping } from '../../src/runtime/errors.ts'
import { makeFakeClock } from '../runtime/fake-clock.ts'

/** All that can go on without time has gone on. */
const settled = () => new Promise(resolve => setImmediate(resolve))

t.test('writes to one Conversation are made one after another, in order', async t => {
  const queue = makeWriteQueue(makeFakeClock())
  const made: string[] = []
  t.equal(queue.enter(queue.of('CH1')), null, 'the first one need not wait at all')
  const others = ['second', 'third'].map(async name => {
    await queue.enter(queue.of('CH1'))
    made.push(name)
  })
  t.equal(queue.enter(queue.of('CH2')), null, 'nor does one to another Conversation')
  await settled()
  t.same(made, [])
  queue.leave(queue.of('CH1'))
  await settled()
  t.same(made, ['second'])
  queue.leave(queue.of('CH1'))
  await Promise.all(others)
  t.same(made, ['second', 'third'])
})

t.test(
  'once Twilio has refused one, no second has more than thirty writes to a Conversation',
  async t => {
    const clock = makeFakeClock()
    const queue = makeWriteQueue(clock)
    queue.slowDown('CH1')
    const times: number[] = []
    const began = clock.now()
    const writing = (async () => {
      for (let count = 0; count < 100; count += 1) {
        await queue.enter(queue.of('CH1'))
        times.push(clock.now())
        // Some take long, and some no time at all.
        if (count % 10 === 3) await clock.sleep(90)
        queue.leave(queue.of('CH1'))
      }
    })()
    let over = false
    writing.then(() => {
      over = true
    })
    while (!over) {
      clock.pass(clock.sleepsFor ?? 1)
      await settled()
    }
    const most = Math.max(
      ...times.map(from => times.filter(at => at >= from && at < from + windowMs).length)
    )
    t.equal(most, writesPerWindow)
    t.equal(times.length, 100)
    t.ok(clock.now() - began < 5000, 'and hardly fewer')
  }
)

t.test('a Conversation that rests is forgotten', async t => {
  const clock = makeFakeClock()
  const queue = makeWriteQueue(clock)
  const write = (conversation: string) => {
    queue.enter(queue.of(conversation))
    queue.leave(queue.of(conversation))
  }
  for (let count = 0; count < 1000; count += 1) write(`CH${count}`)
  queue.enter(queue.of('busy'))
  t.equal(queue.size, 1001)
  for (const _ of [1, 2, 3]) {
    clock.pass(windowMs)
    write('another')
  }
  t.equal(queue.size, 2, 'but not one that is being written to')
  t.ok(queue.enter(queue.of('busy')) instanceof Promise)
  queue.leave(queue.of('busy'))
  queue.leave(queue.of('busy'))
  for (const _ of [1, 2, 3]) {
    clock.pass(windowMs)
    write('another')
  }
  t.equal(queue.size, 1)
})

t.test('a clock that is set back keeps nobody waiting for long', async t => {
  let time = 10_000_000
  const queue = makeWriteQueue({ now: () => time, sleep: async () => {} })
  queue.slowDown('CH1')
  for (let count = 0; count < writesPerWindow; count += 1) {
    queue.enter(queue.of('CH1'))
    queue.leave(queue.of('CH1'))
  }
  time -= 3_600_000
  t.equal(queue.enter(queue.of('CH1')), null)
})

t.test('a write that the process does not wait for leaves the way free', async t => {
  const clock = makeFakeClock()
  const queue = makeWriteQueue(clock)
  queue.slowDown('CH1')
  for (let count = 0; count < writesPerWindow; count += 1) {
    queue.enter(queue.of('CH1'))
    queue.leave(queue.of('CH1'))
  }
  const waiting = [queue.enter(queue.of('CH1')), queue.enter(queue.of('CH1'))].map(async turn => {
    await t.rejects(turn ?? Promise.resolve(), Stopping)
    queue.leave(queue.of('CH1'))
  })
  clock.stop()
  await Promise.all(waiting)
})

t.test(
  'an account that calls too much halves its calls, and finds out how many are too many',
  async t => {
    const throttle = makeThrottle(64)
    for (let count = 0; count < 100; count += 1) t.equal(throttle.enter(), null)
    const { round } = throttle
    let entered = 0
    for (let count = 0; count < 40; count += 1) throttle.refused(round, null)
    for (let count = 0; count < 200; count += 1) {
      throttle.enter()?.then(() => {
        entered += 1
      })
    }
    await settled()
    t.equal(entered, 0, '60 are under way still, and 32 may be')
    for (let count = 0; count < 60; count += 1) throttle.done()
    await settled()
    t.equal(
      entered,
      33,
      'many that were refused together count as one, and one more may go for a round'
    )
    for (let count = 0; count < 33; count += 1) throttle.done()
    await settled()
    t.equal(entered, 33 + 34)

    for (let count = 0; count < 34 + 133; count += 1) throttle.done()
    for (let count = 0; count < 2000; count += 1) {
      if (throttle.enter() !== null) t.fail('they went one by one')
      throttle.done()
    }
    for (let count = 0; count < 500; count += 1) {
      if (throttle.enter() !== null) t.fail('there is a limit still')
    }
  }
)

t.test('one call that is refused alone leaves room for one', async t => {
  const throttle = makeThrottle(64)
  throttle.enter()
  throttle.refused(throttle.round, null)
  t.equal(throttle.enter(), null)
  t.ok(throttle.enter() instanceof Promise)
})

t.test('when Twilio says how long, all calls wait, and then go on one by one', async t => {
  const clock = makeFakeClock()
  const { origin, received, statuses } = await twilioOf(t)
  const httpClient = makeHttpClient({ baseUrl: origin, sleep: clock.sleep, random: () => 1 })
  t.teardown(() => httpClient.close())
  const ask = (name: string) =>
    httpClient.request({ method: 'get', uri: `https://conversations.twilio.com/v1/${name}` })

  statuses.push({ status: 429, retryAfter: '7' })
  const first = ask('first')
  await until(() => clock.sleepsFor !== null)
  const others = ['second', 'third'].map(ask)
  clock.pass(6999)
  await settled()
  t.same(received, ['first'])
  clock.pass(1)
  await Promise.all([first, ...others])
  t.same(received.toSorted(), ['first', 'first', 'second', 'third'])
})

t.test('a Conversation or service that gets too much slows nobody else down', async t => {
  const clock = makeFakeClock()
  const { origin, received, statuses } = await twilioOf(t)
  const httpClient = makeHttpClient({ baseUrl: origin, sleep: clock.sleep, random: () => 1 })
  t.teardown(() => httpClient.close())
  const ask = (name: string) =>
    httpClient.request({ method: 'post', uri: `https://conversations.twilio.com/v1/${name}` })
  statuses.push({ status: 429, retryAfter: '7', code: 50063 })
  const first = ask('first')
  await until(() => clock.sleepsFor !== null)
  await Promise.all(['second', 'third'].map(ask))
  t.same(received.slice(1).toSorted(), ['second', 'third'])
  clock.pass(7000)
  t.match(await first, { statusCode: 200 })
})

t.test('a process that stops leaves those alone who wait for Twilio', async t => {
  const clock = makeFakeClock()
  const { origin, received, statuses } = await twilioOf(t)
  const httpClient = makeHttpClient({ baseUrl: origin, sleep: clock.sleep, random: () => 1 })
  t.teardown(() => httpClient.close())
  const ask = () =>
    httpClient.request({ method: 'post', uri: 'https://conversations.twilio.com/v1/it' })
  statuses.push({ status: 429, retryAfter: '300' })
  const first = ask()
  await until(() => clock.sleepsFor !== null)
  const second = ask()
  clock.stop()
  for (const asked of [first, second, ask()]) await t.rejects(asked, Stopping)
  t.equal(received.length, 1)
})

interface Answer {
  readonly status: number
  readonly retryAfter: string
  readonly code?: number
}

/** A server that gives these answers, and then says yes; and notes what it was asked. */
async function twilioOf(t: Test) {
  const received: string[] = []
  const statuses: Answer[] = []
  const server = createServer((request, response) => {
    received.push(request.url?.split('/').at(-1) ?? '')
    const { status, retryAfter, code = 20429 } = statuses.shift() ?? { status: 200, retryAfter: '' }
    response.writeHead(status, { 'retry-after': retryAfter }).end(JSON.stringify({ code }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { origin, received, statuses }
}

async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise(resolve => setTimeout(resolve, 2))
}
