import type { Flow } from '../flow/flow.ts'
import type { State } from '../flow/schema.ts'
import { applyWrites, read, type Write } from './context.ts'
import type { Effect } from './effect.ts'
import { withProblem } from './ending.ts'
import { type Execution, type Frame, type Problem, type Step, stepSid } from './execution.ts'
import { sizeOf } from './json.ts'
import type { Env, Fail } from './widget.ts'

/** Finds the pinned revision of a flow; whoever calls `advance` has loaded it. */
export type Flows = (flowSid: string, revision: number) => Flow

/** The one copy of the execution that an `advance` makes, and changes until it is handed out. */
type Draft = { -readonly [Name in keyof Execution]: Execution[Name] }

/** The work of one `advance`, seen by nobody outside: what has come of the execution so far. */
export interface Journey {
  readonly flows: Flows
  readonly env: Env
  readonly now: number
  execution: Draft
  steps: Step[]
  effect: Effect | null
}

export function frameOf({ execution }: Journey): Frame {
  const frame = execution.frames.at(-1)
  if (!frame) throw new Error(`Execution ${execution.sid} has no frame`)
  return frame
}

export function changeFrame(journey: Journey, change: Partial<Frame>): void {
  replaceFrame(journey, { ...frameOf(journey), ...change })
}

/** Puts a frame in the place of the running one. */
export function replaceFrame({ execution }: Journey, frame: Frame): void {
  execution.frames = execution.frames.with(-1, frame)
}

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
  execution.context = context
  execution.contextSize = contextSize
  execution.unrecorded = [...execution.unrecorded, ...writes]
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
  execution.problems = withProblem(
    execution.problems,
    { ...problem, at: now, stepSid: stepSid(execution.sid, visit), ...(widget && { widget }) },
    env.limits
  )
}
