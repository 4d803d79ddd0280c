// Claims what is due, as far as there is room for its turns.
import { StoreUnavailable } from './errors.ts'
import type { FirstTurns } from './first-turns.ts'
import type { Claim, Clock, ExecutionStore, Logger } from './ports.ts'

export interface DueTurns {
  /** Something may be due: looks for it now, or as soon as there is room. */
  look(): void
  /** A turn has ended, so there may be room that there was not before. */
  useRoom(): void
  /** This one is due at once, and waits here for room; the store has it all the same, for whoever has room before. */
  wait(sid: string): void
  /** Are there some that wait for room? Then nobody may come before them. */
  someWait(): boolean
  /** Resolves when no claim is under way; the caller sees to it that there is no room for more. */
  stop(): Promise<void>
}

interface Options {
  readonly executions: Pick<ExecutionStore, 'claim' | 'claimDue'>
  readonly clock: Pick<Clock, 'now' | 'every'>
  readonly logger: Logger
  readonly firstTurns: FirstTurns
  readonly room: () => number
  /** Resolves when their turns have begun, or been put off. */
  readonly begin: (claims: readonly Claim[]) => Promise<unknown>
  /** The store has answered, or cannot be reached. */
  readonly heard: (of: 'answer' | 'outage') => void
}

/** A look asks all shards, so it is for several at once; for a few where the others that wait are known. */
const several = 8
const few = 4
/** More of them are found by looks. */
const mostKnown = 10_000
/** How soon room is noticed that comes without the end of a turn. */
const roomCheckMs = 25

export function makeDueTurns(options: Options): DueTurns {
  const { executions, clock, logger, firstTurns, room, begin, heard } = options
  /** The SIDs of those that wait here, the oldest first; and are there others in the store? */
  const line = new Set<string>()
  let moreWait = false
  let asked = false
  let looking = false
  let stopChecking: (() => void) | null = null
  const underWay = new Set<Promise<void>>()

  const dueTurns: DueTurns = {
    look() {
      asked = true
      useRoom(1)
    },
    useRoom: () => useRoom(),
    wait(sid) {
      if (line.size < mostKnown) line.add(sid)
      else moreWait = true
      useRoom()
    },
    someWait: () => moreWait || line.size > 0,
    async stop() {
      await Promise.all(underWay)
      asked = moreWait = false
      line.clear()
      check()
    }
  }
  return dueTurns

  function useRoom(atLeast = line.size > 0 ? few : several): void {
    claimWhereRoom(atLeast)
    check()
  }

  /** An interval that is needed seldom; each of its ticks wakes a process that may have nothing to do. */
  function check(): void {
    const needed = asked || dueTurns.someWait()
    if (needed) stopChecking ??= clock.every(roomCheckMs, () => useRoom(1))
    else {
      stopChecking?.()
      stopChecking = null
    }
  }

  function claimWhereRoom(atLeast: number): void {
    if (!looking && (asked || (moreWait && line.size === 0))) {
      // Nor do those of the line take the room that the look waits for.
      if (room() < atLeast) return
      track(lookForDue(Math.min(room(), line.size > 0 ? few : several)))
    }
    for (const sid of line) {
      if (room() <= 0) return
      line.delete(sid)
      track(claimOne(sid))
    }
  }

  function track(work: Promise<void>): void {
    const done = work.finally(() => {
      underWay.delete(done)
      useRoom()
    })
    underWay.add(done)
  }

  /** As there may be first turns among them, no more are claimed than those that may begin. */
  async function lookForDue(limit: number): Promise<void> {
    looking = true
    asked = false
    // A look that probably finds nothing takes no room from triggers.
    const giveBack = firstTurns.keep(dueTurns.someWait() ? limit : 0)
    try {
      const found = await executions.claimDue(clock.now(), limit)
      heard('answer')
      const isFull = found.length === limit
      const unknown = found.filter(({ execution: { sid } }) => !line.delete(sid))
      if (isFull && unknown.length > 0) asked = true
      if (isFull || !asked) moreWait = isFull
      await begin(found)
    } catch (error) {
      moreWait = false
      failed(error)
    } finally {
      looking = false
      giveBack()
    }
  }

  async function claimOne(sid: string): Promise<void> {
    const giveBack = firstTurns.keep(1)
    try {
      const claim = await executions.claim(sid, clock.now(), { onlyDue: true })
      if (claim) begin([claim])
    } catch (error) {
      // The next look finds them.
      line.clear()
      failed(error)
    } finally {
      giveBack()
    }
  }

  function failed(error: unknown): void {
    if (error instanceof StoreUnavailable) heard('outage')
    logger.error({ error }, 'Looking for due executions failed; tried again soon')
  }
}
