// One run: plays the conversations while things are killed, then judges every one of them.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Arena } from './arena.ts'
import { startKiller } from './killer.ts'
import type { Measures } from './measures.ts'
import { seeded } from './random.ts'
import { progressOf } from './report.ts'
import type { Scope } from './scope.ts'
import { setUp } from './set-up.ts'
import type { ChaosSettings } from './settings.ts'
import { keepStories, type Stories } from './story.ts'
import type { Talk } from './talk.ts'
import { judge, judgeExecution, type Violation } from './verdict.ts'

export interface Outcome {
  readonly measures: Measures
  readonly seconds: number
  readonly faults: ReadonlyMap<string, number>
  /** Calls that the load balancer answered itself, with a 502. */
  readonly unanswered: number
  readonly offenders: readonly Offender[]
  /** Logs of the processes, kept when something was wrong. */
  readonly folder: string
}

export interface Offender {
  readonly talk: Talk
  readonly violations: readonly Violation[]
  readonly story: readonly string[]
}

const readEveryMs = 250
const tellEveryMs = 5000

export async function runChaos(
  scope: Scope,
  settings: ChaosSettings,
  tell: (line: string) => void
): Promise<Outcome> {
  const { seed } = settings
  const game = await setUp(scope, settings)
  const { arena, measures, trouble, customers, flowSid } = game
  const { world } = game.simulator
  const { talks, play } = customers
  const stories = keepStories(world)
  const killer = startKiller({ ...settings, arena, talks, measures, random: seeded(seed + 1) })

  const startedAt = Date.now()
  const every = (ms: number, call: () => void) => {
    const timer = setInterval(call, ms)
    scope.teardown(() => clearInterval(timer))
  }
  every(readEveryMs, stories.read)
  every(tellEveryMs, () => tell(progressOf(startedAt, settings.conversations, talks, measures)))
  await playAll(settings, measures, play)
  const seconds = (Date.now() - startedAt) / 1000

  await killer.stop()
  trouble.calm()
  tell(`Played in ${Math.round(seconds)} s; judging`)
  stories.read()
  const judged = (talk: Talk) =>
    judge(talk, world.conversation(talk.conversationSid), stories.acknowledged)
  const offenders = await judgeAll(arena, flowSid, settings, [...talks.values()], judged, stories)
  if (offenders.length > 0) arena.keepFolder()
  const { folder, balancer } = arena
  return {
    measures,
    seconds,
    faults: new Map([...stories.faults, ['webhook again, seconds later', trouble.copies]]),
    unanswered: balancer.failed,
    offenders,
    folder
  }
}

/** Resolves when all are over, or when nothing has moved for longer than anything may take. */
async function playAll(
  { conversations, atOnce, waitSeconds, leaseSeconds }: ChaosSettings,
  measures: Measures,
  play: (number: number) => Promise<Talk>
): Promise<void> {
  const patienceMs = 2 * (waitSeconds + leaseSeconds) * 1000 + 30_000
  const stopped = new AbortController()
  let next = 0
  const playOneAfterAnother = async () => {
    while (next < conversations && !stopped.signal.aborted) {
      next += 1
      await play(next)
    }
  }
  const stuck = async () => {
    while (!stopped.signal.aborted && Date.now() - measures.lastTurnAt < patienceMs)
      await sleep(500)
  }
  const players = Array.from({ length: Math.min(atOnce, conversations) }, playOneAfterAnother)
  await Promise.race([Promise.all(players), stuck()]).finally(() => stopped.abort())
}

/** The service may still be saving that it has undone everything; it has as long as a lease for that. */
async function judgeAll(
  { api }: Arena,
  flowSid: string,
  { leaseSeconds }: ChaosSettings,
  talks: readonly Talk[],
  seen: (talk: Talk) => Violation[],
  stories: Stories
): Promise<Offender[]> {
  const patientUntil = Date.now() + (leaseSeconds + 10) * 1000
  const offenders: Offender[] = []
  const rest = talks.values()
  const judgeSome = async () => {
    for (const talk of rest) {
      const violations = [
        ...seen(talk),
        ...(await judgeExecution(api, flowSid, talk, patientUntil))
      ]
      const story = stories.of(talk.conversationSid)
      if (violations.length > 0) offenders.push({ talk, violations, story })
    }
  }
  await Promise.all(Array.from({ length: 20 }, judgeSome))
  return offenders.sort((a, b) => a.talk.number - b.talk.number)
}
