// npm run soak: conversations for hours, and the question whether anything grows meanwhile.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { accountSid, authToken, basic } from '../support/build-service.ts'
import type { Arena } from './arena.ts'
import { spread } from './measures.ts'
import { keysIn, reporting } from './memory.ts'
import { takeSamples, tellTrends } from './samples.ts'
import { leaveCleanly, makeScope, type Scope } from './scope.ts'
import { setUp } from './set-up.ts'
import type { Talk } from './talk.ts'
import { judge } from './verdict.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '240' },
    'sample-seconds': { type: 'string', default: '60' },
    processes: { type: 'string', default: '2' },
    'at-once': { type: 'string', default: '20' },
    turns: { type: 'string', default: '10' }
  }
})
const minutes = Number(values.minutes)
const turns = Number(values.turns)
const atOnce = Number(values['at-once'])

/** A person who thinks for a moment: half a second on average. */
const thinkingMs = 1000

/** True where nothing grew and nothing went wrong. */
async function soak(scope: Scope): Promise<boolean> {
  const { simulator, arena, measures, customers, flowSid } = await setUp(scope, {
    processes: Number(values.processes),
    turns,
    waitSeconds: 600,
    leaseSeconds: 30,
    maxTurns: 500,
    fsync: 'always',
    mood: 'calm',
    seed: 1,
    thinkingMs,
    reporting
  })
  const { world } = simulator
  const before = await keysIn(arena.redis)

  const endsAt = Date.now() + minutes * 60_000
  let number = 0
  const faults: string[] = []
  const players = Array.from({ length: atOnce }, async () => {
    while (Date.now() < endsAt) faults.push(...(await playAndForget()))
  })
  const everyMs = Number(values['sample-seconds']) * 1000
  const samples = await takeSamples(arena, { endsAt, everyMs, turns: () => measures.turns })
  await Promise.all(players)
  const after = await untilGone(arena, before.length)

  const flat = tellTrends(samples, atOnce)
  console.log(
    `${measures.turns} turns, each took ${spread(measures.turnTimes)} (median / p99 / max)`
  )
  console.log(
    `${number} executions, each deleted; Redis had ${before.length} keys before and has ${after.length} now`
  )
  for (const fault of faults.slice(0, 20)) console.log(fault)
  const well = flat && faults.length === 0 && after.length <= before.length
  console.log(well ? 'Flat: nothing grows.' : 'NOT FLAT, or not well.')
  return well

  async function playAndForget(): Promise<string[]> {
    number += 1
    const talk = await customers.play(number)
    const { conversationSid: sid, executionSid } = talk
    const violations = judge(talk, world.conversation(sid), new Set())
    await arena.api.remove(`/v2/Flows/${flowSid}/Executions/${executionSid}`)
    customers.forget(sid)
    const authorization = basic(accountSid, authToken)
    const url = `/v1/Conversations/${sid}`
    await simulator.app.inject({ method: 'DELETE', url, headers: { authorization } })
    return violations.map(({ kind, detail }) => faultOf(talk, `${kind}: ${detail}`))
  }
}

const faultOf = ({ number, executionSid }: Talk, what: string): string =>
  `Conversation ${number} (${executionSid}): ${what}`

/** Deleted executions go when their teardown has run. */
async function untilGone({ redis }: Arena, expected: number): Promise<string[]> {
  for (let left = 60; ; left -= 1) {
    const keys = await keysIn(redis)
    if (keys.length <= expected || left === 0) return keys
    await sleep(1000)
  }
}

leaveCleanly()
const scope = makeScope()
try {
  process.exitCode = (await soak(scope)) ? 0 : 1
} finally {
  await scope.end()
}
