import type { Execution } from '../engine/execution.ts'
import { StoreUnavailable } from './errors.ts'
import type { Position } from './ports.ts'
import type { Tools } from './runtime.ts'
import type { Worker } from './worker.ts'

/** Looked at side by side; few, so that live turns hardly notice. */
const atOnce = 10
const pageSize = 100
const atLeastBetweenMs = 5000
const whileBusyMs = 1000
const whileInTroubleMs = 30_000
const reportEveryMs = 60_000
/** Claims of processes that died end meanwhile. */
const triesOfHeld = 10

/** Looks at every wait that began while nobody may have listened, one catch-up at a time. */
export interface CatchUp {
  /** Something may have been said that nobody heard. What is asked for during a catch-up is one more of them. */
  request(): void
  /** Begins what was requested. To be called when the store has just answered. */
  begin(): void
  /** Begins no more looks, and resolves when those under way are over. */
  stop(): Promise<void>
}

/**
 * All waits that began before now, newest first, as people answer soon. Whatever it has looked at is marked
 * in the store, so processes that catch up at the same time share the work, and a look that failed is due
 * again by itself. One that breaks off because the store is away is requested again.
 */
export function makeCatchUp(tools: Tools, worker: Worker): CatchUp {
  const { executions, flows, clock, logger, lookout } = tools
  const sleepers = new Set<() => void>()
  let requested = false
  let open = true
  let began = Number.NEGATIVE_INFINITY
  let running: Promise<void> | null = null
  /** A newer request makes the one under way begin anew: the newest waits may have been missed again. */
  let current = {}

  return {
    request() {
      requested = true
    },

    begin() {
      const now = clock.now()
      if (!requested || !open || now - began < atLeastBetweenMs) return
      requested = false
      began = now
      const mine = {}
      current = mine
      const earlier = running
      running = Promise.resolve(earlier)
        .then(() => run(now, () => open && current === mine))
        .catch(brokeOff)
    },

    async stop() {
      open = false
      for (const wake of sleepers) wake()
      await running
    }
  }

  async function run(heardFrom: number, goesOn: () => boolean): Promise<void> {
    const count = { looked: 0, reportedAt: clock.now() }
    const held: string[] = []
    const look = async (sid: string) => {
      if (await lookAt(sid, heardFrom, goesOn)) count.looked += 1
      else held.push(sid)
    }
    for await (const page of pages(heardFrom)) {
      await sideBySide(page, goesOn, look)
      if (!goesOn()) return
      if (clock.now() - count.reportedAt >= reportEveryMs) {
        count.reportedAt = clock.now()
        logger.info({ looked: count.looked }, 'Still looking for replies that nobody heard of')
      }
    }
    for (let left = triesOfHeld; held.length > 0 && left > 0; left--) {
      await pause(whileBusyMs * 5)
      await sideBySide(held.splice(0), goesOn, look)
    }
    if (count.looked > 0)
      logger.info({ looked: count.looked }, 'Looked for replies that nobody had heard of')
  }

  /** The waits to look at, as they are found, a page of executions at a time. */
  async function* pages(heardFrom: number): AsyncGenerator<readonly string[]> {
    for (const { flowSid } of await flows.store.listFlows()) {
      let older: Position | undefined
      do {
        const query = { flowSid, status: 'active', limit: pageSize } as const
        const page = await executions.list({ ...query, ...(older && { older }) })
        yield page.filter(execution => unheard(execution, heardFrom)).map(({ sid }) => sid)
        older = page.length === pageSize ? page.at(-1) : undefined
      } while (older)
    }
  }

  /** False where somebody holds the execution. */
  async function lookAt(sid: string, heardFrom: number, goesOn: () => boolean): Promise<boolean> {
    for (;;) {
      if (lookout.inTrouble()) await pause(whileInTroubleMs)
      while (goesOn() && !worker.hasRoom()) await pause(whileBusyMs)
      if (!goesOn()) return true
      const claim = await executions.claim(sid, clock.now())
      if (!claim) return !unheard(await executions.fetch(sid), heardFrom)
      await worker.run(claim)
      // One that had something in its inbox took that, and may still wait.
      if (claim.inbox.length === 0) return true
      if (!unheard(await executions.fetch(sid), heardFrom)) return true
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        cancel()
        sleepers.delete(wake)
        resolve()
      }
      const cancel = clock.every(ms, wake)
      sleepers.add(wake)
      if (!open) wake()
    })
  }

  function brokeOff(error: unknown): void {
    if (error instanceof StoreUnavailable) requested = true
    logger.error({ error }, 'Looking for replies that nobody heard of broke off')
  }
}

/** Waits that began, and were last looked at, before somebody listened. */
const unheard = (execution: Execution | null, heardFrom: number): boolean => {
  const pause = execution?.pause
  return pause?.type === 'reply' && pause.since < heardFrom && (pause.look?.at ?? 0) < heardFrom
}

/** One after the other, but a few of them at the same time. */
async function sideBySide(
  sids: readonly string[],
  goesOn: () => boolean,
  work: (sid: string) => Promise<void>
): Promise<void> {
  const rest = sids.values()
  const one = async () => {
    for (const sid of rest) {
      if (!goesOn()) return
      await work(sid)
    }
  }
  const results = await Promise.allSettled(Array.from({ length: atOnce }, one))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
