import { setMaxListeners } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Stopping } from '../../runtime/errors.ts'
import type { Clock } from '../../runtime/ports.ts'

/** Time that ends for those who sleep when the process stops. */
export interface StoppableClock extends Clock {
  stop(): void
}

/** The machine's own time. */
export function makeSystemClock(): StoppableClock {
  const stopped = new AbortController()
  const { signal } = stopped
  setMaxListeners(0, signal)
  return {
    now: () => Date.now(),
    elapsed: () => performance.now(),
    idle: () => performance.eventLoopUtilization().idle,
    sleep: ms =>
      sleep(ms, undefined, { signal }).catch(() => {
        throw new Stopping('The process stops')
      }),
    every(ms, call) {
      const timer = setInterval(call, ms)
      timer.unref()
      return () => clearInterval(timer)
    },
    stop: () => stopped.abort()
  }
}
