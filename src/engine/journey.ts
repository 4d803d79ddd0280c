import type { Flow } from '../flow/flow.ts'
import type { State } from '../flow/schema.ts'
import { applyWrites, read, type Write } from './context.ts'
import type { Effect } from './effect.ts'
import { noteProblem } from './ending.ts'
import { type Execution, type Frame, type Problem, type Step, stepSid } from './execution.ts'
import { sizeOf } from './json.ts'
import type { Env, Fail } from './widget.ts'

/** Finds the pinned revision of a flow; whoever calls `advance` has loaded it. */
export type Flows = (flowSid: string, revision: number) => Flow

/** The work of one `advance`, seen by nobody outside: what has come of the execution so far. */
export interface Journey {
  readonly flows: Flows
  readonly env: Env
  readonly now: number
  execution: Execution
  steps: Step[]
  effect: Effect | null
}

export function frameOf({ execution }: Journey): Frame {
  const frame = execution.frames.at(-1)
  if (!frame) throw new Error(`Execution ${execution.sid} has no frame`)
  return frame
}

/** The frames with another one in the place of the running one. */
export const withFrame = ({ frames }: Execution, frame: Frame): readonly Frame[] =>
  frames.with(-1, frame)

export function flowOf(journey: Journey): Flow {
  const { flowSid, revision } = frameOf(journey)
  return journey.flows(flowSid, revision)
}

/** The widget that is running, as it stands in the flow or as a caller gave it. */
export function stateOf(journey: Journey): State | undefined {
  const { inline, widget } = frameOf(journey)
  return inline ?? (widget === null ? undefined : flowOf(journey).widgets.get(widget))
}

/** Puts values into the context; says no, and changes nothing, where it would grow beyond its limit. */
export function addWrites(journey: Journey, writes: readonly Write[]): boolean {
  const { execution } = journey
  let { context, contextSize } = execution
  for (const write of writes) {
    contextSize += sizeOf(write.value) - sizeOf(read(context, ...write.path))
    context = applyWrites(context, [write])
  }
  if (contextSize > journey.env.limits.contextSize) return false
  const unrecorded = [...execution.unrecorded, ...writes]
  journey.execution = { ...execution, context, contextSize, unrecorded }
  return true
}

export const contextFull = ({ env }: Journey): Fail => ({
  type: 'fail',
  code: null,
  message: `The context would grow beyond ${env.limits.contextSize} characters (setting MAX_CONTEXT_SIZE)`
})

export function addProblem(journey: Journey, problem: Pick<Problem, 'code' | 'message'>): void {
  const { widget, visit } = frameOf(journey)
  const { execution, env, now } = journey
  journey.execution = noteProblem(
    execution,
    { ...problem, at: now, stepSid: stepSid(execution.sid, visit), ...(widget && { widget }) },
    env.limits
  )
}
