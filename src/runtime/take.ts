import { type Advanced, advance } from '../engine/advance.ts'
import { endExecution, noteProblem } from '../engine/ending.ts'
import type { Event } from '../engine/event.ts'
import type { Execution } from '../engine/execution.ts'
import type { Flows } from '../engine/journey.ts'
import { EventRefused } from '../engine/refusal.ts'
import { StoreUnavailable } from './errors.ts'
import { NotAtHand } from './flow-book.ts'
import type { Tools } from './runtime.ts'

/**
 * Advances an execution by one event. A refused event is noted. An error that is not the store's would come
 * again at each try, so it ends the execution as failed: a journey that cannot go on must not hang.
 */
export async function take(tools: Tools, execution: Execution, event: Event): Promise<Advanced> {
  try {
    return await decide(tools, execution, event)
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    const noted = note(tools, execution, event, error)
    if (error instanceof EventRefused) return still(noted)
    tools.logger.error(
      { executionSid: execution.sid, error },
      'An execution cannot go on; it is ended as failed'
    )
    return still(endExecution(noted, 'failed', tools.clock.now()))
  }
}

/** Nothing comes of a decision but its answer, so it is made again once a flow that it lacked is there. */
async function decide(
  tools: Tools,
  execution: Execution,
  event: Event,
  find: Flows = tools.flows.at
): Promise<Advanced> {
  try {
    return advance(find, execution, event, tools.env)
  } catch (error) {
    if (!(error instanceof NotAtHand)) throw error
    const { flowSid, revision } = error
    const flow = await tools.flows.load(flowSid, revision)
    return decide(tools, execution, event, (sid, number) =>
      sid === flowSid && number === revision ? flow : find(sid, number)
    )
  }
}

const still = (execution: Execution): Advanced => ({ execution, steps: [], effect: null })

function note(
  { env, clock }: Tools,
  execution: Execution,
  event: Event,
  error: unknown
): Execution {
  const message = error instanceof Error ? error.message : String(error)
  const problem = { code: null, message, at: clock.now(), eventId: event.id }
  return noteProblem(execution, problem, env.limits)
}
