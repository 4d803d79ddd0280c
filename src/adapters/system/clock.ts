import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../runtime/ports.ts'

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: ms => sleep(ms),
  every(ms, call) {
    const timer = setInterval(call, ms)
    timer.unref()
    return () => clearInterval(timer)
  }
}
