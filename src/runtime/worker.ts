import { makeCatchUp } from './catch-up.ts'
import { makeDueTurns } from './due-turns.ts'
import { FenceLost, Stopping, StoreUnavailable } from './errors.ts'
import { makeFirstTurns } from './first-turns.ts'
import { type Lease, makeLease } from './lease.ts'
import { isLook, putOffLook } from './look.ts'
import type { Claim, Created } from './ports.ts'
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
  /**
   * Takes in a REST trigger. `create` is told whether to claim the execution; if so, its first turn runs here at
   * once. Otherwise it is due, and waits behind those that came before it until some process has room.
   */
  takeIn(sid: string, create: (claim: boolean) => Promise<Created>): Promise<Created>
  /** Looks for due executions now, or as soon as there is room, not only at the next interval. */
  poll(): void
  /** Something may have been said that nobody heard: reads all waits back, as soon as the store answers. */
  catchUp(): void
  start(): void
  /** Claims nothing more, and resolves when the turns under way are over. */
  stop(): Promise<void>
}

export interface WorkerOptions {
  readonly maxTurns: number
  readonly pollMs: number
  readonly leaseMs: number
}

/** Scheduled looks at once, so that they take no turn from anybody; those beyond are put off. */
const looksAtOnce = 20

export function makeWorker(tools: Tools, options: WorkerOptions): Worker {
  const { executions, clock, logger, lookout } = tools
  const running = new Map<Claim, { readonly done: Promise<void>; readonly lease: Lease }>()
  const latestOf = new Map<string, Claim>()
  const timers: (() => void)[] = []
  const firstTurns = makeFirstTurns(clock, options.maxTurns)
  let open = true

  const worker: Worker = {
    hasRoom: () => open && running.size < options.maxTurns,

    run(claim, first) {
      const { sid } = claim.execution
      const lease = leaseOf(claim)
      const earlier = latestOf.get(sid)
      latestOf.set(sid, claim)
      const done = runAfter(earlier && running.get(earlier)?.done, claim, lease, first)
      running.set(claim, { done, lease })
      firstTurns.begun(claim)
      return done
    },

    async takeIn(sid, create) {
      const claim = !due.someWait() && roomForDue() > 0
      const giveBack = firstTurns.keep(claim ? 1 : 0)
      try {
        const created = await create(claim)
        if ('claim' in created && created.claim) worker.run(created.claim)
        else if (created.outcome === 'created') due.wait(sid)
        return created
      } finally {
        giveBack()
      }
    },

    poll() {
      due.look()
    },

    catchUp() {
      missed.request()
      worker.poll()
    },

    start() {
      timers.push(
        clock.every(options.pollMs, worker.poll),
        clock.every(options.leaseMs / 6, keepLeases)
      )
      worker.poll()
    },

    async stop() {
      open = false
      for (const stopTimer of timers) stopTimer()
      await due.stop()
      await missed.stop()
      await Promise.all([...running.values()].map(({ done }) => done))
    }
  }
  const missed = makeCatchUp(tools, worker)
  const due = makeDueTurns({
    ...tools,
    firstTurns,
    room: roomForDue,
    begin: claims => Promise.all(claims.map(runOrPutOff)),
    heard(of) {
      if (of === 'answer') missed.begin()
      // Nor could the store take in what Twilio told meanwhile.
      else missed.request()
    }
  })
  return worker

  async function runAfter(
    earlier: Promise<void> | undefined,
    claim: Claim,
    lease: Lease,
    first?: () => Promise<Claim>
  ): Promise<void> {
    const { sid } = claim.execution
    try {
      // A machine that slept wakes to leases that have run out, and to the turns that had them: what such a
      // turn still does must be done before another one looks for it.
      if (earlier) await earlier
      await runClaim(claim, lease, first)
    } finally {
      running.delete(claim)
      if (latestOf.get(sid) === claim) latestOf.delete(sid)
      firstTurns.over(claim)
      due.useRoom()
    }
  }

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
      else
        logger.error(
          { executionSid: sid, error },
          'A turn broke off; it is claimed again when its lease ends'
        )
      // What another process can do at once need not wait for that.
      if (error instanceof Stopping) await endLease(given).catch(() => {})
      if (error instanceof StoreUnavailable) endLeaseOnceBack(given)
    }
  }

  function endLease(claim: Claim): Promise<boolean> {
    return executions.renew(claim, clock.now() - options.leaseMs)
  }

  /** As soon as the store is back, anybody may do the turn again. */
  function endLeaseOnceBack(claim: Claim): void {
    const { sid } = claim.execution
    const endsAt = clock.now() + options.leaseMs
    const giveUp = clock.every(options.pollMs, () => {
      if (!open || clock.now() >= endsAt) return giveUp()
      endLease(claim).then(
        () => {
          giveUp()
          worker.poll()
        },
        error => logger.debug({ executionSid: sid, error }, 'The store is still away')
      )
    })
  }

  function roomForDue(): number {
    return open ? Math.min(options.maxTurns - running.size, firstTurns.room()) : 0
  }

  function hasRoomFor(claim: Claim): boolean {
    const now = clock.now()
    if (!isLook(claim, now)) return true
    const looks = [...running.keys()].filter(other => isLook(other, now))
    return looks.length < (lookout.inTrouble() ? 1 : looksAtOnce)
  }

  async function runOrPutOff(claim: Claim): Promise<void> {
    if (hasRoomFor(claim)) {
      worker.run(claim)
      return
    }
    try {
      // Where something came in meanwhile the claim goes on, and so does its turn.
      if ((await putOffLook(tools, claim)).length > 0) worker.run(claim)
    } catch (error) {
      logger.warn({ executionSid: claim.execution.sid, error }, 'A look could not be put off')
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
