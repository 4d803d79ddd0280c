import type { Look, ReplyPause } from '../engine/execution.ts'

// When a Conversation is read back for replies that nobody has told of. A wait that goes on is looked at ever
// more rarely: each time after as long as it has waited so far, at most a day.

const longestMs = 24 * 60 * 60 * 1000
const firstRetryMs = 20_000
const longestRetryMs = 60 * 60 * 1000

/** What the looks of this process have in common. */
export interface Lookout {
  /** How soon a wait is looked at for the first time; null where only its end and a catch-up do. */
  readonly firstAfterMs: number | null
  /** Takes down how a look went. */
  note(succeeded: boolean): void
  /** Looks fail one after the other, so it is not the single Conversation; then few of them are enough. */
  inTrouble(): boolean
}

const troubling = 10

export function makeLookout(firstAfterMs: number | null): Lookout {
  let failures = 0
  return {
    firstAfterMs,
    note(succeeded) {
      failures = succeeded ? 0 : failures + 1
    },
    inTrouble: () => failures >= troubling
  }
}

/** When this wait is looked at next; at the latest when it is over, as nothing times out unread. */
export const nextLook = (sid: string, pause: ReplyPause, lookout: Lookout): number =>
  pause.look?.next ?? lookAfter(sid, pause, lookout, pause.since)

/** The wait after a look that began at `at` and succeeded. */
export const looked = (
  sid: string,
  pause: ReplyPause,
  lookout: Lookout,
  at: number
): ReplyPause => ({
  ...pause,
  look: { at, next: lookAfter(sid, pause, lookout, at), failures: 0 }
})

/** The wait after a look that failed, or for which there was no room. It is never given up. */
export function notLooked(sid: string, pause: ReplyPause, now: number): ReplyPause {
  const { at = null, failures = 0 }: Partial<Look> = pause.look ?? {}
  const retryMs = Math.min(firstRetryMs * 2 ** failures, longestRetryMs) * spread(sid)
  const next = Math.round(now + retryMs)
  return {
    ...pause,
    look: {
      at,
      next: now < pause.until ? Math.min(next, pause.until) : next,
      failures: failures + 1
    }
  }
}

function lookAfter(
  sid: string,
  { since, until }: ReplyPause,
  lookout: Lookout,
  at: number
): number {
  const { firstAfterMs } = lookout
  if (firstAfterMs === null) return until
  const distance = Math.max(Math.min(at - since, longestMs), firstAfterMs)
  return Math.min(Math.round(at + distance * spread(sid)), until)
}

/** From 0.75 to 1.25, always the same for one execution: those that began together are not looked at together. */
const spread = (sid: string): number => 0.75 + Number.parseInt(sid.slice(-4), 16) / 0x20000
