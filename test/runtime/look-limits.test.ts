// How many looks are made, and when.
import t from 'tap'
import type { ReplyPause } from '../../src/engine/execution.ts'
import { CallFailed } from '../../src/runtime/errors.ts'
import { looked, makeLookout, nextLook, notLooked } from '../../src/runtime/looks.ts'
import { lostReply, several } from './questions.ts'
import { setStage } from './stage.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
/** By then the first look is over, whatever the SID says. */
const firstLookMs = 19 * minuteMs

t.test('the schedule', async t => {
  const lookout = makeLookout(15 * minuteMs)
  const month: ReplyPause = {
    type: 'reply',
    token: '1',
    afterIndex: 0,
    since: 0,
    until: 30 * dayMs,
    memory: null
  }
  const sidEnding = (end: string) => `FN${'0'.repeat(32 - end.length)}${end}`
  const looksOf = (sid: string, pause: ReplyPause) => {
    const times: number[] = []
    for (let waiting = pause, at = 0; ; times.push(at)) {
      at = nextLook(sid, waiting, lookout)
      if (at >= pause.until) return times
      waiting = looked(sid, waiting, lookout, at)
    }
  }

  t.test('is ever rarer, down to about once a day', async t => {
    const times = looksOf(sidEnding('8000'), month)
    t.same(
      times.slice(0, 4),
      [15, 30, 60, 120].map(minutes => minutes * minuteMs)
    )
    const distances = times.map((at, place) => at - (times[place - 1] ?? 0))
    t.ok(distances.every(distance => distance <= dayMs))
    t.ok(times.length <= 37, `${times.length} looks in 30 days`)
  })

  t.test('spreads executions that began at the same moment', async t => {
    const firsts = Array.from({ length: 1000 }, (_, at) =>
      nextLook(sidEnding((at * 65).toString(16).padStart(4, '0')), month, lookout)
    )
    t.ok(Math.min(...firsts) >= 11 * minuteMs && Math.max(...firsts) <= firstLookMs)
    const perSecond = new Map<number, number>()
    for (const at of firsts) {
      const second = Math.floor(at / 1000)
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
    }
    t.ok(Math.max(...perSecond.values()) <= 4)
  })

  t.test(
    'makes no look of a wait that is over sooner, and none where it is switched off',
    async t => {
      const short = { ...month, until: 5 * minuteMs }
      t.equal(nextLook(sidEnding('8000'), short, lookout), short.until)
      const off = makeLookout(null)
      t.equal(nextLook(sidEnding('8000'), month, off), month.until)
      t.equal(looked('FN0', month, off, hourMs).look?.next, month.until)
    }
  )

  t.test('tries again soon after a look that failed, ever later, and for ever', async t => {
    const pauses: number[] = []
    for (let waiting = month, now = 0; pauses.length < 12; ) {
      waiting = notLooked(sidEnding('8000'), waiting, now)
      const next = nextLook(sidEnding('8000'), waiting, lookout)
      pauses.push((next - now) / 1000)
      now = next
    }
    t.same(pauses.slice(0, 4), [20, 40, 80, 160])
    t.equal(pauses.at(-1), 3600)
    const late = notLooked(sidEnding('8000'), month, month.until - 1000)
    t.equal(late.look?.next, month.until, 'at the latest when the wait is over')
    const over = notLooked(sidEnding('8000'), month, month.until)
    t.equal(over.look?.next, month.until + 20_000)
  })
})

t.test('few looks are made at once, and the others are put off, not left out', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, runtime } = stage
  const waiting = await several(30, lostReply, stage)
  const { conversations } = runtime
  const { fetch } = conversations
  let under = 0
  let most = 0
  Object.assign(conversations, {
    async fetch(...input: Parameters<typeof fetch>) {
      under += 1
      most = Math.max(most, under)
      await new Promise(resolve => setTimeout(resolve, 50))
      under -= 1
      return fetch(...input)
    }
  })
  clock.pass(firstLookMs)
  await idle()
  t.ok(most > 1 && most <= 20, `${most} at once`)
  const found = () => waiting.filter(({ conversation }) => bodies(conversation).length === 3)
  t.ok(found().length >= 20 && found().length < 30)
  clock.pass(minuteMs)
  await idle()
  t.equal(found().length, 30)
})

t.test('while every look fails, hardly any are made', async t => {
  const stage = await setStage(t)
  const { clock, idle, bodies, runtime } = stage
  const waiting = await several(30, lostReply, stage)
  const { conversations } = runtime
  const real = { ...conversations }
  let asked = 0
  const refused = async () => {
    asked += 1
    const failure = {
      code: 20003,
      status: 401,
      message: 'Authenticate',
      outcome: 'refused'
    } as const
    throw new CallFailed(failure)
  }
  Object.assign(conversations, { fetch: refused, messagesAfter: refused })
  for (let minutes = 0; minutes < 120; minutes += 5) {
    clock.pass(5 * minuteMs)
    await idle()
  }
  t.ok(asked < 30 * 6, `${asked} calls in two hours`)
  Object.assign(conversations, real)
  for (let hours = 0; hours < 8; hours++) {
    clock.pass(hourMs)
    await idle()
  }
  t.equal(waiting.filter(({ conversation }) => bodies(conversation).length === 3).length, 30)
})
