// The power of one process of the lab: while it is on, its calls pass; when it is cut, nothing of it moves.

import { StoreUnavailable } from '../../../src/runtime/errors.ts'
import type { Clock } from '../../../src/runtime/ports.ts'
import type { Fate, Manner } from './fate.ts'

export interface Power {
  readonly on: boolean
  /** Calls under way that wait for the world, and not only for time to pass. */
  readonly busy: number
  /** For good, as `kill -9`. */
  cut(): void
  /** Until it is woken, as a machine that is put to sleep. */
  suspend(): void
  wake(): void
  readonly clock: Clock
  /** For a pause within a call, until it is tried again. */
  pause(ms: number): Promise<void>
  /** The port, with calls that never come back once the power is gone. Fate may let them fail with this error. */
  wire<P extends object>(port: P, name: string, fate?: { fate: Fate; failure(): Error }): P
}

/** What answers at once, and cannot fail. */
const synchronous = new Set(['newSid'])

export function makePower(clock: Clock): Power {
  let on = true
  let dead = false
  let busy = 0
  let sleeping = 0
  let back = Promise.resolve()
  let wake = () => {}

  const power: Power = {
    get on() {
      return on
    },
    get busy() {
      return busy - sleeping
    },
    cut() {
      on = false
      dead = true
      back = new Promise(() => {})
    },
    suspend() {
      on = false
      back = new Promise(resolve => {
        wake = resolve
      })
    },
    wake() {
      if (dead) return
      on = true
      wake()
    },

    clock: {
      now: clock.now,
      elapsed: clock.elapsed,
      idle: clock.idle,
      async sleep(ms) {
        await clock.sleep(ms)
        if (!on) await back
      },
      every: (ms, call) => clock.every(ms, () => on && call())
    },

    async pause(ms) {
      sleeping += 1
      await power.clock.sleep(ms)
      sleeping -= 1
    },

    wire(port, name, doom) {
      const calls = Object.entries(port).map(([method, call]) => [
        method,
        typeof call !== 'function' || synchronous.has(method)
          ? call
          : (...input: unknown[]) => through(`${name} ${method}`, () => call(...input), doom)
      ])
      return Object.fromEntries(calls)
    }
  }
  return power

  async function through(
    name: string,
    call: () => Promise<unknown>,
    doom?: { readonly fate: Fate; failure(): Error }
  ): Promise<unknown> {
    if (!on) await back
    busy += 1
    try {
      const passing = doom?.fate.pass(name)
      const strike = async (when: 'before' | 'after') => {
        const is = (what: string) => passing?.is(`${what} ${when}` as Manner)
        if (is('fails')) throw doom?.failure()
        if (is('dies')) power.cut()
        if (is('sleeps')) power.suspend()
        if (!on) await back
      }
      await strike('before')
      const value = await call()
      if (Array.isArray(value) && value.length === 0 && name.endsWith('claimDue')) {
        passing?.unnoticed()
      }
      await strike('after')
      return value
    } finally {
      busy -= 1
    }
  }
}

export const storeAway = () => new StoreUnavailable('The store is away')
