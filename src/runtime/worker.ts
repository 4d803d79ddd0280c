import { catchUp } from './catch-up.ts'
import { FenceLost, Stopping, StoreUnavailable } from './errors.ts'
import { type Lease, makeLease } from './lease.ts'
import type { Claim } from './ports.ts'
import type { Tools } from './runtime.ts'
import { runTeardown } from './teardown.ts'
import { runTurn } from './turn.ts'

/** Runs the turns of this process: those of events it took itself, and those that come due. */
export interface Worker {
  /** False when this process runs as many turns as it may; then deliver without claiming. */
  hasRoom(): boolean
  /**
   * Resolves when the turn is over, well or badly; badly is logged, and somebody will claim it again. What is
   * to be done under the claim before the turn is `first`, which answers the claim to go on with.
   */
  run(claim: Claim, first?: () => Promise<Claim>): Promise<void>
  /** Looks for due executions now, not only at the next interval. */
  poll(): void
  start(): void
  /** Claims nothing more, and resolves when the turns under way are over. */
  stop(): Promise<void>
}

export interface WorkerOptions {
  readonly maxTurns: number
  readonly pollMs: number
  readonly leaseMs: number
}

/** By then the service listens, so that no reply falls between the two. */
const catchUpAfterMs = 1000

export function makeWorker(tools: Tools, options: WorkerOptions): Worker {
  const { executions, clock, logger } = tools
  const running = new Map<Claim, { readonly done: Promise<void>; readonly lease: Lease }>()
  const latestOf = new Map<string, Promise<void>>()
  const timers: (() => void)[] = []
  let polling: Promise<void> | null = null
  let catchingUp: Promise<void> | null = null
  let askedAgain = false
  let open = true

  const worker: Worker = {
    hasRoom: () => open && running.size < options.maxTurns,

    run(claim, first) {
      const { sid } = claim.execution
      // A machine that slept wakes to leases that have run out, and to the turns that had them: what such a
      // turn still does must be done before another one looks for it.
      const earlier = latestOf.get(sid)
      const lease = leaseOf(claim)
      const begin = () => runClaim(claim, lease, first)
      const done = (earlier ? earlier.then(begin) : begin()).finally(() => {
        running.delete(claim)
        if (latestOf.get(sid) === done) latestOf.delete(sid)
      })
      running.set(claim, { done, lease })
      latestOf.set(sid, done)
      return done
    },

    poll() {
      if (!worker.hasRoom()) return
      if (polling) {
        askedAgain = true
        return
      }
      askedAgain = false
      polling = claimDue().finally(() => {
        polling = null
        if (askedAgain) worker.poll()
      })
    },

    start() {
      timers.push(
        clock.every(options.pollMs, worker.poll),
        clock.every(options.leaseMs / 6, keepLeases),
        clock.every(catchUpAfterMs, catchUpOnce(clock.now()))
      )
      worker.poll()
    },

    async stop() {
      open = false
      for (const stopTimer of timers) stopTimer()
      await polling
      await catchingUp
      await Promise.all([...running.values()].map(({ done }) => done))
    }
  }
  return worker

  async function runClaim(given: Claim, lease: Lease, first?: () => Promise<Claim>): Promise<void> {
    const { sid, status } = given.execution
    try {
      const claim = first ? await first() : given
      if (status === 'ended') return await runTeardown(tools, claim, lease)
      const after = await runTurn(tools, claim, lease)
      if (after.teardown) worker.poll()
    } catch (error) {
      if (error instanceof FenceLost || error instanceof Stopping)
        logger.info({ executionSid: sid }, error.message)
      else {
        logger.error(
          { executionSid: sid, error },
          'A turn broke off; it is claimed again when its lease ends'
        )
        if (error instanceof StoreUnavailable) void endLease(given).catch(() => {})
      }
    }
  }

  /** The store was away, and the turn with it: as soon as the store is back, anybody may do it again. */
  async function endLease(claim: Claim): Promise<void> {
    const endsAt = clock.now() + options.leaseMs
    while (open && clock.now() < endsAt) {
      await clock.sleep(options.pollMs)
      try {
        await executions.renew(claim, clock.now() - options.leaseMs)
        return worker.poll()
      } catch (error) {
        logger.debug({ executionSid: claim.execution.sid, error }, 'The store is still away')
      }
    }
  }

  async function claimDue(): Promise<void> {
    try {
      for (;;) {
        const room = options.maxTurns - running.size
        if (!open || room <= 0) return
        const claims = await executions.claimDue(clock.now(), Math.min(room, 100))
        for (const claim of claims) worker.run(claim)
        if (claims.length < Math.min(room, 100)) return
      }
    } catch (error) {
      logger.error({ error }, 'Looking for due executions failed; tried again soon')
    }
  }

  function catchUpOnce(startedAt: number): () => void {
    return () => {
      catchingUp ??= catchUp({ ...tools, worker }, startedAt, () => open).catch(error =>
        logger.error({ error }, 'Looking for replies of before the start broke off')
      )
    }
  }

  function keepLeases(): void {
    for (const { lease } of running.values()) lease.keep()
  }

  function leaseOf(claim: Claim): Lease {
    const { sid: executionSid } = claim.execution
    const failed = (error: unknown) =>
      logger.warn({ executionSid, error }, 'A lease could not be renewed')
    return makeLease({ executions, clock, leaseMs: options.leaseMs, failed }, claim)
  }
}
