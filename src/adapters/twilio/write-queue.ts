import type { Clock } from '../../runtime/ports.ts'

/**
 * Writes to one Conversation are made one after another, in the order in which they were asked for. Twilio
 * takes 30 a second (https://www.twilio.com/docs/conversations-classic/conversations-limits); where it has
 * refused one, no more than that are made from then on. Who comes too early waits, and is never turned away:
 * that cannot be many, since each execution makes one write at a time, and five webhooks are all that a
 * Conversation has for them.
 */
export interface WriteQueue {
  of(conversation: string): Lane
  /** Null where the write may be made at once, which is nearly always. `leave` must follow, whatever happens. */
  enter(lane: Lane): Promise<void> | null
  leave(lane: Lane): void
  /** Twilio has refused a write to this Conversation, as there were too many. */
  slowDown(conversation: string): void
  /** How many Conversations it remembers: those of the last seconds, forgotten as others are written to. */
  readonly size: number
}

/** The writes of one Conversation. */
export interface Lane {
  busy: boolean
  /** When the latest writes were over: only then is it certain that Twilio has counted them. Oldest first. */
  readonly ends: number[]
  waiting: (() => void)[] | null
  /** Whether to keep within what Twilio takes, until it rests. */
  paced: boolean
}

export const writesPerWindow = 30
export const windowMs = 1000

export function makeWriteQueue({ now, sleep }: Pick<Clock, 'now' | 'sleep'>): WriteQueue {
  // Those asked for since `turnedAt`, and those before: what rests is forgotten many at once, without timers.
  let recent = new Map<string, Lane>()
  let earlier = new Map<string, Lane>()
  let turnedAt = now()

  const isOver = (end: number, time: number) => Math.abs(time - end) >= windowMs

  const rests = ({ busy, ends }: Lane, time: number) => !busy && isOver(ends.at(-1) ?? 0, time)

  function forgetOld(time: number): void {
    const old = earlier
    earlier = recent
    recent = new Map()
    turnedAt = time
    for (const [conversation, lane] of old) {
      if (!rests(lane, time) && !earlier.has(conversation)) earlier.set(conversation, lane)
    }
  }

  /** Null where there is room in this second. */
  function pace({ ends, paced }: Lane): Promise<void> | null {
    if (!paced || ends.length < writesPerWindow) return null
    const [oldest = 0] = ends
    return isOver(oldest, now()) ? null : passed(oldest)
  }

  /** Timers may ring a little early. */
  async function passed(end: number): Promise<void> {
    for (let time = now(); !isOver(end, time); time = now()) await sleep(end + windowMs - time)
  }

  function of(conversation: string): Lane {
    const time = now()
    if (isOver(turnedAt, time)) forgetOld(time)
    const known = recent.get(conversation)
    if (known) return known
    const lane = earlier.get(conversation) ?? { busy: false, ends: [], waiting: null, paced: false }
    recent.set(conversation, lane)
    return lane
  }

  return {
    of,
    slowDown(conversation) {
      of(conversation).paced = true
    },

    enter(lane) {
      if (!lane.busy) {
        lane.busy = true
        return pace(lane)
      }
      const waiting = lane.waiting ?? []
      lane.waiting = waiting
      const turn = new Promise<void>(resolve => waiting.push(resolve))
      return turn.then(() => pace(lane) ?? undefined)
    },

    leave(lane) {
      lane.ends.push(now())
      if (lane.ends.length > writesPerWindow) lane.ends.shift()
      const next = lane.waiting?.shift()
      if (next) next()
      else lane.busy = false
    },

    get size() {
      return new Set([...recent.keys(), ...earlier.keys()]).size
    }
  }
}
