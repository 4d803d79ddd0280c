import type { Clock } from '../../runtime/ports.ts'

/**
 * Twilio takes 30 writes a second for one Conversation
 * (https://www.twilio.com/docs/conversations-classic/conversations-limits), and so many are made, one after
 * another in the order in which they were asked for. Who comes too early waits: that cannot be many, since
 * each execution makes one write at a time, and five webhooks are all that a Conversation has for them.
 */
export interface WriteQueue {
  /** Null where the write may be made at once, which is nearly always. `leave` must follow, whatever happens. */
  enter(conversation: string): Promise<void> | null
  leave(conversation: string): void
  /** How many Conversations it remembers: those of the last second, at most until the next write. */
  readonly size: number
}

export const writesPerWindow = 30
export const windowMs = 1000

interface Lane {
  /** When the latest writes were over: only then is it certain that Twilio has counted them. Oldest first. */
  readonly ends: number[]
  readonly waiting: (() => void)[]
}

export function makeWriteQueue({ now, sleep }: Pick<Clock, 'now' | 'sleep'>): WriteQueue {
  const busy = new Map<string, Lane>()
  /** Those that have just been written to, the latest last. */
  const resting = new Map<string, Lane>()

  const isOver = (end: number, time: number) => Math.abs(time - end) >= windowMs

  function forgetOld(time: number): void {
    for (const [conversation, { ends }] of resting) {
      const last = ends.at(-1)
      if (last !== undefined && !isOver(last, time)) return
      resting.delete(conversation)
    }
  }

  function take(conversation: string): Lane {
    const lane = resting.get(conversation)
    if (lane) resting.delete(conversation)
    const taken = lane ?? { ends: [], waiting: [] }
    busy.set(conversation, taken)
    return taken
  }

  /** Null where there is room in this second. */
  function pace({ ends }: Lane): Promise<void> | null {
    if (ends.length < writesPerWindow) return null
    const [oldest = 0] = ends
    return isOver(oldest, now()) ? null : passed(oldest)
  }

  /** Timers may ring a little early. */
  async function passed(end: number): Promise<void> {
    for (let time = now(); !isOver(end, time); time = now()) await sleep(end + windowMs - time)
  }

  return {
    enter(conversation) {
      const lane = busy.get(conversation)
      if (!lane) return pace(take(conversation))
      const turn = new Promise<void>(resolve => lane.waiting.push(resolve))
      return turn.then(() => pace(lane) ?? undefined)
    },

    leave(conversation) {
      const lane = busy.get(conversation)
      if (!lane) return
      const time = now()
      lane.ends.push(time)
      if (lane.ends.length > writesPerWindow) lane.ends.shift()
      const next = lane.waiting.shift()
      if (next) return next()
      busy.delete(conversation)
      forgetOld(time)
      resting.set(conversation, lane)
    },

    get size() {
      return busy.size + resting.size
    }
  }
}
