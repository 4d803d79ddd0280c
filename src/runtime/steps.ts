import type { StepRequested } from '../engine/event.ts'
import type { Execution, Step } from '../engine/execution.ts'
import { NotFound, NotNow } from './errors.ts'
import { fetchExecution } from './executions.ts'
import type { Runtime } from './runtime.ts'
import { until } from './until.ts'

export interface StepResult {
  readonly execution: Execution
  /** Null while the widget waits for a reply. */
  readonly step: Step | null
}

/**
 * Runs one widget of a stepwise execution and waits for what comes of it. The same id again answers the
 * same step. Throws `NotNow` where the execution takes no step.
 */
export async function requestStep(
  runtime: Runtime,
  flowSid: string,
  sid: string,
  request: Pick<StepRequested, 'id' | 'widget' | 'handOver'>
): Promise<StepResult> {
  const { executions, worker, clock } = runtime
  const { mode } = await fetchExecution(runtime, flowSid, sid)
  if (mode !== 'stepwise') {
    throw new NotNow(
      `Execution ${sid} follows its flow; create it with Mode=stepwise to run single steps`
    )
  }
  const now = clock.now()
  const delivered = await executions.deliver(
    sid,
    { type: 'step-requested', at: now, ...request },
    { now, claim: true }
  )
  if (delivered.outcome === 'ended') throw new NotNow(`Execution ${sid} has ended`)
  if (delivered.outcome === 'unknown') throw new NotFound(`There is no execution ${sid}`)
  if (delivered.outcome === 'claimed') await worker.run(delivered.claim)
  return until(runtime, sid, execution => resultOf(runtime, execution, request.id))
}

async function resultOf(
  { executions }: Runtime,
  execution: Execution,
  requestId: string
): Promise<StepResult | null> {
  const refused = execution.problems.find(({ eventId }) => eventId === requestId)
  if (refused) throw new NotNow(refused.message)
  const step = (await executions.fetchSteps(execution.sid)).find(
    taken => taken.requestId === requestId
  )
  if (step) return { execution, step }
  const waiting =
    execution.pause?.type === 'reply' && execution.frames.at(-1)?.requestId === requestId
  return waiting ? { execution, step: null } : null
}
