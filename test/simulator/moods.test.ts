import t, { type Test } from 'tap'
import type { Mood } from '../../src/simulator/moods.schema.ts'
import { type Form, listen, phone, start } from './start.ts'

const hook = (url: string): Form => ({
  Target: 'webhook',
  'Configuration.Url': url,
  'Configuration.Filters': 'onMessageAdded'
})

const always = { chance: 1 }

/** A simulator with one conversation, in these moods. */
async function inMood(t: Test, calls: Record<string, Mood>, seed = 1) {
  const simulator = await start(t)
  const { sid } = simulator.world.openConversation({ participants: [phone] })
  simulator.world.moods.set({ seed, calls })
  const faults = () => simulator.world.log.after(0).map(entry => entry.faults.join('+'))
  return { ...simulator, sid, path: `/Conversations/${sid}`, faults }
}

const anything: Mood = {
  tooMany: { chance: 0.2, retryAfter: 1 },
  serverError: { chance: 0.1 },
  serverErrorAfter: { chance: 0.1, status: 502 },
  timeout: { chance: 0.1 },
  timeoutAfter: { chance: 0.1 },
  slow: { chance: 0.3, from: 1, to: 3 }
}

t.test(
  'the same seed and the same calls make the same faults, and another seed others',
  async t => {
    const play = async (seed: number, between: boolean) => {
      const { call, path, world } = await inMood(t, { '*': anything }, seed)
      for (let count = 0; count < 60; count += 1) {
        await call('POST', `${path}/Messages`, { Body: `No. ${count}` }).catch(() => null)
        if (between) await call('GET', path).catch(() => null)
      }
      return world.log.after(0).flatMap(entry => {
        if (entry.type !== 'call' || entry.method !== 'POST') return []
        return `${entry.status} ${entry.faults.join('+')}`
      })
    }
    const first = await play(7, false)
    t.equal(first.length, 60)
    t.ok(new Set(first).size > 6, 'and there is something of everything')
    t.same(await play(7, false), first)
    t.same(await play(7, true), first, 'whatever other calls come in between')
    t.strictNotSame(await play(8, false), first)
  }
)

t.test('each misbehaviour of calls does what it says, and the log names it', async t => {
  const cases: [string, Mood, string, boolean][] = [
    ['too many requests', { tooMany: always }, '429 20429', false],
    ['a server error', { serverError: always }, '503 20500', false],
    ['another one', { serverError: { chance: 1, status: 500 } }, '500 20500', false],
    ['one after the work', { serverErrorAfter: always }, '503 20500', true],
    ['no answer', { timeout: always }, 'none', false],
    ['none for a while', { timeout: { chance: 1, hang: 20 } }, 'none', false],
    ['no answer after the work', { timeoutAfter: always }, 'none', true],
    ['none for a while after it', { timeoutAfter: { chance: 1, hang: 20 } }, 'none', true],
    ['a slow one', { slow: { chance: 1, from: 5, to: 20 } }, '201 undefined', true],
    ['nothing, as it is never so', { tooMany: { chance: 0 } }, '201 undefined', true]
  ]
  for (const [name, mood, expected, done] of cases) {
    await t.test(name, async t => {
      const { call, path, sid, world, faults } = await inMood(t, { 'POST messages': mood })
      const answer = await call('POST', `${path}/Messages`, { Body: 'Hello' }).catch(() => null)
      t.equal(answer ? `${answer.status} ${answer.body.code}` : 'none', expected)
      t.equal(world.conversation(sid).messages.length, done ? 1 : 0)
      t.same(faults(), [expected.startsWith('201') && !mood.slow ? '' : Object.keys(mood)[0]])
      t.equal((await call('GET', path)).status, 200, 'other calls go well')
    })
  }
})

t.test('a Retry-After comes with it, and slowness comes on top', async t => {
  const { call, path, faults } = await inMood(t, {
    '*': { slow: { chance: 1, from: 1, to: 2 } },
    'post MESSAGES': { tooMany: { chance: 1, retryAfter: 9 } }
  })
  const answer = await call('POST', `${path}/Messages`, { Body: 'Hello' })
  t.match(answer, { status: 429, body: { code: 20429, status: 429 } })
  t.equal(answer.headers.get('retry-after'), '9')
  t.same(faults(), ['slow+tooMany'])
})

t.test('what a type of call says of itself goes before what all share', async t => {
  const { call, path } = await inMood(t, {
    'GET messages': { serverError: { chance: 0 } },
    '*': { serverError: always }
  })
  t.equal((await call('GET', `${path}/Messages`)).status, 200)
  t.equal((await call('GET', path)).status, 503)
})

t.test('a conversation may seem full of webhooks', async t => {
  const { call, path, sid, world, faults } = await inMood(t, { '*': { fullHooks: always } })
  t.match(await call('POST', `${path}/Webhooks`, hook('http://127.0.0.1:9')), {
    status: 400,
    body: { code: 50361, status: 400, more_info: /50361$/ }
  })
  t.same(faults(), ['fullHooks'])
  t.same(world.conversation(sid).webhooks, [])
  t.equal((await call('POST', `${path}/Messages`, { Body: 'Hello' })).status, 201)
})

t.test('each misbehaviour of webhooks does what it says, and the log names it', async t => {
  const cases: [string, Mood, string[]][] = [
    ['lost', { lose: always }, []],
    ['made twice', { duplicate: always }, ['one', 'one', 'two', 'two', 'three', 'three']],
    [
      'made thrice',
      { duplicate: { chance: 1, copies: 3 } },
      ['one', 'one', 'one', 'two', 'two', 'two', 'three', 'three', 'three']
    ],
    ['late', { delay: { chance: 1, from: 30, to: 30 } }, ['one', 'two', 'three']]
  ]
  for (const [name, mood, expected] of cases) {
    await t.test(name, async t => {
      const { call, path, sid, world, idle, faults } = await inMood(t, {
        'WEBHOOK onMessageAdded': mood
      })
      const { received, url } = await listen(t)
      await call('POST', `${path}/Webhooks`, hook(url))
      for (const body of ['one', 'two', 'three']) world.say(sid, { body })
      await idle()
      t.same(
        received.map(({ params }) => params.Body),
        expected
      )
      t.same([...new Set(faults().slice(1))], [Object.keys(mood)[0]])
    })
  }
})

t.test('a webhook call that waits to be overtaken goes behind the next one', async t => {
  const { call, path, sid, world, idle, faults } = await inMood(t, {})
  const { received, url } = await listen(t)
  await call('POST', `${path}/Webhooks`, hook(url))
  const reorder = (within: number) => ({
    seed: 1,
    calls: { '*': { reorder: { chance: 1, within } } }
  })
  world.moods.set(reorder(60_000))
  world.say(sid, { body: 'first' })
  world.moods.clear()
  world.say(sid, { body: 'second' })
  await idle()
  world.moods.set(reorder(20))
  world.say(sid, { body: 'third' })
  world.say(sid, { body: 'fourth' })
  await idle()
  t.same(
    received.map(({ params }) => params.Body),
    ['second', 'first', 'third', 'fourth'],
    'and goes by itself where there is none'
  )
  t.same(faults().slice(1), ['', 'reorder', 'reorder', 'reorder'])
  world.moods.set(reorder(60_000))
  world.say(sid, { body: 'forgotten' })
  world.reset()
  await idle()
  t.equal(received.length, 4)
})

t.test('moods are set, shown and taken away at run time', async t => {
  const { call, control, world } = await start(t)
  t.same((await control('GET', '/moods')).body, { seed: null, calls: {} })
  const calls = {
    '*': { slow: { chance: 0.5, from: 1, to: 2 } },
    'GET services': { serverError: { chance: 1, status: 504 } },
    'WEBHOOK onMessageAdded': { reorder: { chance: 0.1, within: 10 } }
  }
  t.match(await control('PUT', '/moods', { seed: 3, calls }), {
    status: 200,
    body: { seed: 3, calls }
  })
  t.same((await control('GET', '/moods')).body, { seed: 3, calls })
  t.equal((await call('GET', '/Services')).status, 504)
  world.faults.add([{ call: 'GET services', status: 429 }])
  t.equal((await call('GET', '/Services')).status, 429, 'what was asked for goes first')

  t.equal((await control('DELETE', '/moods')).status, 204)
  t.equal((await call('GET', '/Services')).status, 200)
  t.same((await control('GET', '/moods')).body, { seed: null, calls: {} })

  const { body } = await control('PUT', '/moods', { calls })
  t.type(body.seed, 'number', 'a seed is made up, and told')
  await control('POST', '/reset')
  t.equal((await call('GET', '/Services')).status, 200)
})

t.test('moods that could never show are refused', async t => {
  const { control, world } = await start(t)
  const refused: [object, RegExp][] = [
    [{ calls: { messages: {} } }, /must NOT have additional properties/],
    [{ calls: { '*': { moody: always } } }, /must NOT have additional properties/],
    [{ calls: { '*': { lose: { chance: 1.5 } } } }, /must be <= 1/],
    [{ calls: { 'POST messages': { lose: always } } }, /cannot have the mood 'lose'/],
    [{ calls: { 'WEBHOOK onMessageAdded': { tooMany: always } } }, /mood 'tooMany'/],
    [{ calls: { 'POST messages': { fullHooks: always } } }, /mood 'fullHooks'/],
    [{ seed: 1 }, /must have required property 'calls'/]
  ]
  for (const [moods, message] of refused) {
    t.match(await control('PUT', '/moods', moods), { status: 400, body: { code: 20001, message } })
  }
  t.same(world.moods.current, { seed: null, calls: {} })
})

t.test('thirty writes a second are taken for one conversation, where the limit is on', async t => {
  let time = 1_000_000
  const { call, control, world } = await start(t, { now: () => time })
  const { sid } = world.openConversation({ participants: [phone] })
  const other = world.openConversation().sid
  const write = (to = sid) => call('POST', `/Conversations/${to}/Messages`, { Body: 'Hello' })
  const times = async (count: number, ask: () => Promise<{ status: number }>) => {
    const statuses = []
    for (let left = count; left > 0; left -= 1) statuses.push((await ask()).status)
    return [statuses.filter(status => status < 400).length, statuses.filter(is429).length]
  }
  t.same(await times(40, write), [40, 0], 'it is off at first')

  t.match(await control('PUT', '/limits', { writesPerSecond: 30 }), { status: 200 })
  t.same((await control('GET', '/limits')).body, { writesPerSecond: 30 })
  t.same(await times(20, write), [20, 0])
  time += 600
  const rename = () => call('POST', `/Conversations/${sid}`, { FriendlyName: 'Case' })
  t.same(await times(12, rename), [10, 2], 'changes of the conversation count, too')
  t.match(await write(), { status: 429, body: { code: 50063, status: 429 } })
  t.equal((await write(other)).status, 201)
  t.same(await times(40, () => call('GET', `/Conversations/${sid}/Messages`)), [40, 0])
  time += 399
  t.equal((await write()).status, 429)
  time += 1
  t.same(await times(21, write), [20, 1], 'a second slides')
  t.same(await times(31, () => call('POST', '/Conversations', {})), [30, 1], 'and for one service')
  t.match(await call('POST', '/Conversations/none/Messages', { Body: 'Hi' }), { status: 404 })

  world.reset()
  t.equal(world.writeLimit.perSecond, null)
  t.match(await control('PUT', '/limits', { writesPerSecond: 0 }), { status: 400 })
  await control('PUT', '/limits', { writesPerSecond: 1 })
  t.equal((await control('DELETE', '/limits')).status, 204)
  t.same((await control('GET', '/limits')).body, { writesPerSecond: null })
})

const is429 = (status: number) => status === 429
