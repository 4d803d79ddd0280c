import type { StepRequested } from '../engine/event.ts'
import { type Execution, type Step, stepSid } from '../engine/execution.ts'
import type { JsonObject } from '../engine/json.ts'
import { parseFlow } from '../flow/parse.ts'
import { BadRequest, InvalidFlow, NotFound, NotNow } from './errors.ts'
import type { Runtime } from './runtime.ts'
import { until } from './until.ts'

export interface StepResult {
  readonly execution: Execution
  /** Null while the widget waits for a reply. */
  readonly step: Step | null
  /** The step's SID, recorded yet or not. */
  readonly stepSid: string
}

/**
 * Runs one widget of a stepwise execution and waits for what comes of it. The same id again answers the
 * same step. Throws `NotNow` where the execution takes no step.
 */
export async function requestStep(
  runtime: Runtime,
  { sid, mode }: Execution,
  request: Pick<StepRequested, 'id' | 'widget' | 'handOver'>
): Promise<StepResult> {
  const { executions, worker, clock } = runtime
  const now = clock.now()
  const event: StepRequested = { type: 'step-requested', at: now, ...request }
  const delivered =
    mode === 'stepwise'
      ? await executions.deliver(sid, event, { now, claim: true })
      : { outcome: 'duplicate' as const }
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
  const steps = await executions.fetchSteps(execution.sid)
  const step = steps.find(taken => taken.requestId === requestId)
  // Read anew, as the execution may be from before the step.
  if (step) {
    const after = (await executions.fetch(execution.sid)) ?? execution
    return { execution: after, step, stepSid: step.sid }
  }
  if (execution.mode === 'flow') {
    throw new NotNow(
      `Execution ${execution.sid} follows its flow; create it with Mode=stepwise to run single steps`
    )
  }
  const asked = execution.frames.find(frame => frame.requestId === requestId)
  return asked && execution.pause?.type === 'reply'
    ? { execution, step: null, stepSid: stepSid(execution.sid, asked.visit) }
    : null
}

interface InlineWidget {
  readonly type: string | undefined
  readonly name: string | undefined
  readonly properties: JsonObject
}

/** The widget that a caller means: one of the execution's flow, or one given inline and checked like a flow's. */
export async function requestedWidget(
  { flows }: Runtime,
  { flowSid, flowRevision }: Execution,
  name: string | undefined,
  inline: InlineWidget,
  handOver: boolean
): Promise<StepRequested['widget']> {
  if ((name === undefined) === (inline.type === undefined)) {
    throw new BadRequest(
      'Give either Widget, the name of one of the flow, or Type, Name and Properties'
    )
  }
  if (name !== undefined) {
    const { widgets } = await flows.load(flowSid, flowRevision)
    if (widgets.has(name)) return { name }
    throw new BadRequest(`The flow has no widget ${name}; it has ${[...widgets.keys()].join(', ')}`)
  }
  if (handOver)
    throw new BadRequest('Continue needs a Widget of the flow: an inline widget leads nowhere')
  const state = { ...inline, name: inline.name ?? inline.type, transitions: [] }
  const parsed = parseFlow({ initial_state: state.name, states: [state] }, flows.catalog)
  if (!parsed.ok) throw new InvalidFlow(parsed.faults)
  const [checked] = parsed.flow.definition.states
  if (!checked) throw new BadRequest('The inline widget is empty')
  return { inline: checked }
}
