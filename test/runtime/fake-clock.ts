import type { StoppableClock } from '../../src/adapters/system/clock.ts'
import { Stopping } from '../../src/runtime/errors.ts'

/** A clock that stands still until the test moves it. */
export interface FakeClock extends StoppableClock {
  /** Time jumps: whoever would have woken wakes, and what happens again and again happens once. */
  pass(ms: number): void
  /** The same, while the process has so much to do that it waits for nothing. */
  work(ms: number): void
  /** Somebody sets the time of day back; nobody wakes. */
  setBack(ms: number): void
  /** Lets time fly, a quarter of a second at each look, until there is something to see. */
  passUntil<T>(look: () => T | Promise<T>): Promise<NonNullable<T>>
  /** How long the first sleeper still sleeps; null while nobody does. */
  readonly sleepsFor: number | null
}

interface Alarm {
  at: number
  readonly ring: () => void
}

interface Sleeper extends Alarm {
  readonly stop: () => void
}

const looks = 2000

/** It starts at the present: what Twilio dates must fit. */
export function makeFakeClock(): FakeClock {
  let now = Date.now()
  let behind = 0
  let busy = 0
  let stopped = false
  const sleepers = new Set<Sleeper>()
  const tickers = new Set<Alarm & { readonly everyMs: number }>()
  const dueBy = <T extends Alarm>(alarms: Set<T>, time: number): T[] =>
    [...alarms].filter(({ at }) => at <= time).sort((a, b) => a.at - b.at)

  const clock: FakeClock = {
    now: () => now - behind,
    elapsed: () => now,
    idle: () => now - busy,

    sleep: ms =>
      new Promise((resolve, reject) => {
        const stop = () => reject(new Stopping('The process stops'))
        if (stopped) stop()
        else sleepers.add({ at: now + ms, ring: resolve, stop })
      }),

    every(ms, call) {
      const ticker = { at: now + ms, everyMs: ms, ring: call }
      tickers.add(ticker)
      return () => tickers.delete(ticker)
    },

    pass(ms) {
      now += ms
      for (const sleeper of dueBy(sleepers, now)) {
        sleepers.delete(sleeper)
        sleeper.ring()
      }
      for (const ticker of dueBy(tickers, now)) {
        ticker.at = now + ticker.everyMs
        ticker.ring()
      }
    },

    work(ms) {
      busy += ms
      clock.pass(ms)
    },

    setBack(ms) {
      behind += ms
    },

    async passUntil(look) {
      for (let left = looks; left > 0; left--) {
        const seen = await look()
        if (seen) return seen
        clock.pass(250)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      throw new Error(`It never came true: ${look}`)
    },

    get sleepsFor() {
      const [first] = dueBy(sleepers, Number.POSITIVE_INFINITY)
      return first ? first.at - now : null
    },

    stop() {
      stopped = true
      for (const { stop } of sleepers) stop()
      sleepers.clear()
      tickers.clear()
    }
  }
  return clock
}
