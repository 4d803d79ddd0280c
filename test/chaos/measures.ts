// How long turns take, and how long it takes to recover.
import type { Talk } from './talk.ts'

export interface Measures {
  /** The service has done its part of this turn. */
  turnDone(talk: Talk): void
  /** Something was killed that had these conversations in its hands. */
  killed(what: 'process' | 'redis', hit: Iterable<Talk>): void
  readonly turns: number
  readonly kills: { readonly process: number; readonly redis: number }
  readonly lastTurnAt: number
  /** Milliseconds, unsorted. */
  readonly turnTimes: readonly number[]
  /** From a kill until any conversation went on. */
  readonly nextTurns: readonly number[]
  /** From a kill until a conversation that it hit went on. */
  readonly recoveries: readonly number[]
}

export function makeMeasures(): Measures {
  const turnTimes: number[] = []
  const nextTurns: number[] = []
  const recoveries: number[] = []
  const kills = { process: 0, redis: 0 }
  let killedAt: number[] = []
  let lastTurnAt = Date.now()

  return {
    turnTimes,
    nextTurns,
    recoveries,
    kills,
    get turns() {
      return turnTimes.length
    },
    get lastTurnAt() {
      return lastTurnAt
    },
    turnDone(talk) {
      const now = Date.now()
      lastTurnAt = now
      turnTimes.push(now - (talk.movingSince ?? now))
      talk.movingSince = null
      for (const at of killedAt) nextTurns.push(now - at)
      killedAt = []
      if (talk.hitAt === null) return
      recoveries.push(now - talk.hitAt)
      talk.hitAt = null
    },
    killed(what, hit) {
      const now = Date.now()
      kills[what] += 1
      killedAt.push(now)
      for (const talk of hit) talk.hitAt ??= now
    }
  }
}

/** As `12 ms / 340 ms / 2.1 s`: median, 99th percentile, maximum. */
export function spread(times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number) =>
    sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)]
  const [median, late, last] = [at(0.5), at(0.99), sorted.at(-1)]
  if (median === undefined || late === undefined || last === undefined) return '–'
  return [median, late, last].map(duration).join(' / ')
}

export const duration = (ms: number): string =>
  ms < 1000
    ? `${Math.round(ms)} ms`
    : ms < 120_000
      ? `${(ms / 1000).toFixed(1)} s`
      : `${(ms / 60_000).toFixed(1)} min`
