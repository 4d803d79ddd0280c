// https://www.twilio.com/docs/conversations-classic/conversations-limits

import { refuse } from './refusal.ts'

/** How many writes a second Twilio takes for one conversation, and for one service. Reads do not count. */
export type WriteLimit = {
  /** Null for no limit. */
  set(perSecond: number | null): void
  readonly perSecond: number | null
  /** Counts a write to this; throws where there were too many within a second. */
  admit(sid: string): void
  /** Back to what it was at first, with nothing counted. */
  reset(): void
}

export const twilioWritesPerSecond = 30

const windowMs = 1000

export function createWriteLimit(now: () => number, usual: number | null): WriteLimit {
  let perSecond = usual
  /** When the latest writes were, oldest first. */
  const writes = new Map<string, number[]>()
  const set = (limit: number | null) => {
    perSecond = limit
    writes.clear()
  }
  return {
    set,
    get perSecond() {
      return perSecond
    },
    admit(sid) {
      if (perSecond === null) return
      const time = now()
      const recent = (writes.get(sid) ?? []).filter(at => time - at < windowMs)
      if (recent.length >= perSecond) {
        throw refuse(50063, `More than ${perSecond} actions per second on ${sid}`)
      }
      recent.push(time)
      writes.set(sid, recent)
    },
    reset: () => set(usual)
  }
}
