import { type Advanced, advance } from '../engine/advance.ts'
import { endExecution, noteProblem } from '../engine/ending.ts'
import type { Event } from '../engine/event.ts'
import type { Execution } from '../engine/execution.ts'
import { EventRefused } from '../engine/refusal.ts'
import { StoreUnavailable } from './errors.ts'
import type { Tools } from './runtime.ts'

/**
 * Advances an execution by one event. A refused event is noted. An error that is not the store's would come
 * again at each try, so it ends the execution as failed: a journey that cannot go on must not hang.
 */
export async function take(tools: Tools, execution: Execution, event: Event): Promise<Advanced> {
  const { flows, env, logger } = tools
  try {
    for (const { flowSid, revision } of execution.frames) await flows.load(flowSid, revision)
    return advance(flows.at, execution, event, env)
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    const noted = note(tools, execution, event, error)
    if (error instanceof EventRefused) return still(noted)
    logger.error(
      { executionSid: execution.sid, error },
      'An execution cannot go on; it is ended as failed'
    )
    return still(endExecution(noted, 'failed', tools.clock.now()))
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
