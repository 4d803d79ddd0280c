import { FenceLost } from './errors.ts'
import type { Claim, Clock, ExecutionStore } from './ports.ts'

/** What this process knows of a claim's lease, so that it need not ask the store before each effect. */
export interface Lease {
  /** Asks for a new one in good time; to be called again and again. What goes wrong is told. */
  keep(): void
  /** A commit has given a new one. */
  renewed(now: number): void
  /**
   * Resolves where the claim is ours for as long as an effect takes: at once, or after a renewal where none
   * has been seen for too long. Throws `FenceLost`.
   */
  ours(): Promise<void>
}

interface LeaseOptions {
  readonly executions: Pick<ExecutionStore, 'renew'>
  readonly clock: Clock
  readonly leaseMs: number
  readonly failed: (error: unknown) => void
}

/** The parts of a lease after which it is renewed, and after which no effect may begin. */
const renewAfter = 1 / 3
const freshFor = 2 / 3

export function makeLease(
  { executions, clock, leaseMs, failed }: LeaseOptions,
  claim: Claim
): Lease {
  const moment = (now = clock.now()) => ({ now, elapsed: clock.elapsed() })
  let since = moment()
  let lost = false
  let asking: Promise<void> | null = null

  /** Others go by the time of day, which may be set back here; a machine that slept has only that. */
  const age = () => Math.max(clock.now() - since.now, clock.elapsed() - since.elapsed) / leaseMs

  async function ask(): Promise<void> {
    const asked = moment()
    if (await executions.renew(claim, asked.now)) since = asked
    else lost = true
  }

  function renew(): Promise<void> {
    asking ??= ask().finally(() => {
      asking = null
    })
    return asking
  }

  return {
    keep() {
      if (!lost && age() >= renewAfter) renew().catch(failed)
    },
    renewed(now) {
      since = moment(now)
    },
    async ours() {
      if (!lost && age() >= freshFor) await renew()
      if (lost) throw new FenceLost(claim.execution.sid)
    }
  }
}
