import type { Clock } from '../../runtime/ports.ts'

export interface Standstills {
  /** How often this process has stood still for so long, as on a machine that was suspended. */
  count(): number
  stop(): void
}

/** Seen by a tick that comes too late, or by whoever asks before that tick. */
export function watchStandstills(clock: Pick<Clock, 'now' | 'every'>, ms: number): Standstills {
  let seen = 0
  let last = clock.now()
  const look = () => {
    const now = clock.now()
    if (now - last >= ms) seen += 1
    last = now
  }
  const stop = clock.every(ms / 4, look)
  return {
    stop,
    count() {
      look()
      return seen
    }
  }
}
