import type { Execution } from '../engine/execution.ts'
import type { Finding } from './findings.ts'
import { type Deviation, inspect } from './inspect.ts'
import type { Claim } from './ports.ts'
import { findingOf, repairWebhooks, teardownFinding, withTeardown } from './repair.ts'
import type { Runtime } from './runtime.ts'

export interface ReconcileOptions {
  /** Only say what would be done. */
  readonly dryRun: boolean
}

/** How often an execution that is busy is asked for, and the first pause between two times. */
const tries = 4
const firstPauseMs = 500

/**
 * Makes what Twilio has fit what one execution wants: an active one exactly one webhook that leads here, an
 * ended one none and its Conversation closed if the flow said so. Looking costs one call of Twilio for each
 * Conversation, and nothing in the store; only what is not in order is claimed, looked at again and put right.
 * Answers nothing where all is in order.
 */
export async function reconcileExecution(
  runtime: Runtime,
  execution: Execution,
  { dryRun }: ReconcileOptions
): Promise<readonly Finding[]> {
  const seen = await inspect(runtime, execution)
  if (seen.length === 0) return []
  if (dryRun) return report(runtime, execution)
  const findings = seen.some(({ repair }) => repair !== null)
    ? await claimAndRepair(runtime, execution, seen)
    : seen.map(each => findingOf(each))
  return [...findings, ...(await reconcileOthers(runtime, seen))]
}

/** Looks once more: a turn may have been about to save what explains it. */
async function report(runtime: Runtime, { sid }: Execution): Promise<readonly Finding[]> {
  const execution = await runtime.executions.fetch(sid)
  if (!execution || execution.pause?.type === 'effect') return []
  return (await inspect(runtime, execution)).map(each =>
    findingOf(each, each.repair ? 'reported' : undefined)
  )
}

/** Ended executions that left their webhook in the same Conversation. */
async function reconcileOthers(
  runtime: Runtime,
  deviations: readonly Deviation[]
): Promise<readonly Finding[]> {
  const others = deviations.filter(({ repair }) => repair?.type === 'other')
  const findings: Finding[] = []
  for (const { executionSid } of others) {
    const other = await runtime.executions.fetch(executionSid)
    if (other) findings.push(...(await claimAndRepair(runtime, other, [])))
  }
  return findings
}

async function claimAndRepair(
  runtime: Runtime,
  { sid }: Execution,
  seen: readonly Deviation[]
): Promise<readonly Finding[]> {
  const { executions, worker, clock } = runtime
  for (let left = tries, pause = firstPauseMs; left > 0; left--, pause *= 2) {
    const claim = await executions.claim(sid, clock.now())
    if (claim && isQuiet(claim)) return repair(runtime, claim)
    // It has a turn to run, or one to repeat, before anybody can say what it wants.
    if (claim) await worker.run(claim)
    else if (!(await executions.fetch(sid))) return []
    await clock.sleep(pause)
  }
  const reason = 'It was in the middle of a turn each time'
  return seen
    .filter(({ repair }) => repair?.type !== 'other')
    .map(each => findingOf({ ...each, found: 'busy', reason }))
}

const isQuiet = ({ inbox, recovering, execution: { status, pause } }: Claim): boolean =>
  inbox.length === 0 &&
  !recovering &&
  (status === 'ended' || (pause !== null && pause.type !== 'effect'))

/** The turn that follows lets go of the claim, and takes the replies that were found on the way. */
async function repair(runtime: Runtime, claim: Claim): Promise<readonly Finding[]> {
  const { executions, worker, clock } = runtime
  const findings: Finding[] = []
  let undone: Deviation[] = []
  let failure: unknown = null
  await worker.run(claim, async () => {
    try {
      const { execution } = claim
      const deviations = await inspect(runtime, execution)
      undone = deviations.filter(({ repair }) => repair?.type === 'teardown')
      for (const each of deviations) {
        if (each.repair?.type === 'webhooks' || each.repair === null)
          findings.push(await repairWebhooks(runtime, execution, each))
      }
      return withTeardown(claim, undone, clock.now())
    } catch (error) {
      failure = error
      return claim
    }
  })
  if (failure !== null) throw failure
  if (undone.length === 0) return findings
  const after = await executions.fetch(claim.execution.sid)
  return [...findings, ...undone.map(each => teardownFinding(each, after))]
}
