import { endExecution } from './ending.ts'
import { addProblem, addWrites, contextFull, frameOf, type Journey, stateOf } from './journey.ts'
import { attach, request, wait } from './pause.ts'
import { leaveWidget, record } from './record.ts'
import { enterSubflow, inSubflow, leaveSubflow } from './subflow.ts'
import { runWidget } from './visit.ts'
import type { Fail, Go, Outcome } from './widget.ts'

/** Carries out what a visit came to. Answers what comes of the next one, or null where the execution stops for now. */
export function apply(journey: Journey, outcome: Outcome): Outcome | null {
  switch (outcome.type) {
    case 'go':
      return go(journey, outcome)
    case 'fail':
      return fail(journey, outcome)
    case 'wait':
      return wait(journey, outcome)
    case 'request':
      return request(journey, outcome)
    case 'call':
      return enterSubflow(journey, outcome)
    default:
      return outcome satisfies never
  }
}

function go(journey: Journey, outcome: Go): Outcome | null {
  if (!addWrites(journey, outcome.writes)) return contextFull(journey)
  attach(journey, outcome.attachment)
  const transitions = stateOf(journey)?.transitions ?? []
  const taken =
    outcome.place === undefined
      ? transitions.find(({ event }) => event === outcome.event)
      : transitions[outcome.place]
  return follow(journey, outcome.event, taken?.next || null)
}

/**
 * Nothing can follow here. A subflow hands the failure to the widget that called it, and a stepwise
 * execution to its caller; a limit, and a failure with nobody to take it, ends the execution.
 */
function fail(journey: Journey, { code, message, final }: Fail): Outcome | null {
  addProblem(journey, { code, message })
  if (!final && inSubflow(journey)) {
    record(journey, 'failed', 'Ended')
    return leaveSubflow(journey, false)
  }
  if (!final && journey.execution.mode === 'stepwise') return leaveToCaller(journey, 'failed')
  record(journey, 'failed', 'Ended')
  journey.execution = endExecution(journey.execution, 'failed', journey.now)
  return null
}

function follow(journey: Journey, event: string, next: string | null): Outcome | null {
  const { handOver } = frameOf(journey)
  const stepwise = journey.execution.mode === 'stepwise' && !inSubflow(journey)
  if (stepwise && !handOver) return leaveToCaller(journey, event)
  record(journey, event, next ?? 'Ended')
  leaveWidget(journey)
  if (handOver) journey.execution.mode = 'flow'
  if (next !== null) return runWidget(journey, next)
  if (inSubflow(journey)) return leaveSubflow(journey, true)
  journey.execution = endExecution(journey.execution, 'completed', journey.now)
  return null
}

function leaveToCaller(journey: Journey, event: string): null {
  record(journey, event, null)
  leaveWidget(journey)
  journey.execution.pause = { type: 'step' }
  return null
}
