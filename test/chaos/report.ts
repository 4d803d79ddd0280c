import { duration, type Measures, spread } from './measures.ts'
import type { Offender, Outcome } from './run.ts'
import type { ChaosSettings } from './settings.ts'
import type { Talk } from './talk.ts'
import { kinds } from './verdict.ts'

export function progressOf(
  startedAt: number,
  conversations: number,
  talks: ReadonlyMap<string, Talk>,
  { turns, kills, lastTurnAt }: Measures
): string {
  const now = Date.now()
  const all = [...talks.values()]
  const over = all.filter(talk => talk.over).length
  const oldest = all.reduce((age, { movingSince }) => Math.max(age, now - (movingSince ?? now)), 0)
  return [
    `${Math.round((now - startedAt) / 1000)} s`,
    `${over} of ${conversations} over, ${all.length - over} under way`,
    `${turns} turns`,
    `${kills.process} kills, ${kills.redis} Redis restarts`,
    `oldest turn ${duration(oldest)}, last one ${duration(now - lastTurnAt)} ago`
  ].join(' · ')
}

export function reportOf(settings: ChaosSettings, outcome: Outcome): string {
  const { measures, seconds, faults, unanswered, offenders } = outcome
  const { kills, turns } = measures
  const violations = offenders.flatMap(each => each.violations)
  const rows: [string, string | number][] = [
    ['seed', settings.seed],
    ['conversations', `${settings.conversations}, ${settings.atOnce} at once`],
    ['turns', `${turns}, ${Math.round(turns / seconds)} a second`],
    ['duration', duration(seconds * 1000)],
    [
      'processes',
      `${settings.processes}, lease ${settings.leaseSeconds} s, ${settings.maxTurns} turns at once`
    ],
    ['kill -9 of a process', kills.process],
    ['kill -9 of Redis', `${kills.redis}, appendfsync ${settings.fsync}`],
    ['calls that the load balancer gave a 502', unanswered],
    ...[...faults].sort().map(([name, count]): [string, number] => [`Twilio: ${name}`, count]),
    ['a turn took (median / p99 / max)', spread(measures.turnTimes)],
    ['from a kill to the next turn of anybody', spread(measures.nextTurns)],
    [
      `from a kill to the turn of the ${measures.recoveries.length} it hit`,
      spread(measures.recoveries)
    ],
    ...kinds.map((kind): [string, number] => [
      kind,
      violations.filter(violation => violation.kind === kind).length
    ])
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n')
}

/** The first one that went wrong, step by step. */
export function storyOf({ talk, violations, story }: Offender): string {
  return [
    `Conversation ${talk.number} (${talk.conversationSid}, execution ${talk.executionSid}):`,
    ...violations.map(({ kind, detail }) => `  ${kind}: ${detail}`),
    ...story.map(line => `    ${line}`)
  ].join('\n')
}
