import { apply } from './apply.ts'
import type { Effect } from './effect.ts'
import { endExecution, noteProblem } from './ending.ts'
import type { Cancelled, Event, StepRequested, Triggered } from './event.ts'
import type { Execution, Step } from './execution.ts'
import { addWrites, changeFrame, contextFull, type Flows, flowOf, type Journey } from './journey.ts'
import { loseConversation, markLost } from './loss.ts'
import { EventRefused, refusal } from './refusal.ts'
import { triggerWrites } from './trigger.ts'
import { enterWidget, resumeWidget, runEntered, runWidget } from './visit.ts'
import type { Env, Outcome } from './widget.ts'

/** What one event came to: the execution as it is now, the steps it took, and what has to be done next. */
export interface Advanced {
  readonly execution: Execution
  readonly steps: readonly Step[]
  /** Answer it with an `effect-settled` event before anything else can happen. */
  readonly effect: Effect | null
}

/**
 * Takes one event as far as it goes: until the execution waits, asks for an effect, or has ended.
 * Pure: the same flows, execution and event give the same answer, and the input stays as it is.
 * Throws `EventRefused` where a caller asked for what cannot be done now.
 */
export function advance(flows: Flows, execution: Execution, event: Event, env: Env): Advanced {
  const reason = refusal(execution, event)
  if (reason !== null) return refuse(execution, event, reason, env)
  if (event.type === 'cancelled') {
    return { execution: endExecution(execution, event.reason, event.at), steps: [], effect: null }
  }
  const journey: Journey = {
    flows,
    env,
    now: event.at,
    execution: { ...execution },
    steps: [],
    effect: null
  }
  journey.execution.updatedAt = event.at
  if (event.type === 'conversation-lost' && event.answered) {
    markLost(journey, event)
    return { execution: journey.execution, steps: [], effect: null }
  }
  journey.execution.pause = null
  continueUntilPause(journey, open(journey, execution, event))
  return { execution: journey.execution, steps: journey.steps, effect: journey.effect }
}

function continueUntilPause(journey: Journey, first: Outcome): void {
  let outcome: Outcome | null = first
  while (outcome !== null) outcome = apply(journey, outcome)
}

function open(journey: Journey, before: Execution, event: Exclude<Event, Cancelled>): Outcome {
  switch (event.type) {
    case 'triggered':
      return runTriggered(journey, event)
    case 'step-requested':
      return runRequested(journey, event)
    case 'conversation-lost':
      return loseConversation(journey, event)
    default:
      return resumeWidget(journey, event, before.pause)
  }
}

function runTriggered(journey: Journey, event: Triggered): Outcome {
  const { initialWidget } = flowOf(journey)
  // Entered before its data is, so that a step can say where too much of it failed.
  const stopped = enterWidget(journey, initialWidget)
  if (stopped) return stopped
  return addWrites(journey, triggerWrites(journey.execution, event))
    ? runEntered(journey)
    : contextFull(journey)
}

function runRequested(journey: Journey, { id, widget, handOver }: StepRequested): Outcome {
  const inline = 'inline' in widget ? widget.inline : undefined
  const name = 'inline' in widget ? widget.inline.name : widget.name
  changeFrame(journey, { requestId: id, handOver, ...(inline && { inline }) })
  return runWidget(journey, name)
}

/** A message that answers nothing is logged on the execution, as Studio does: https://www.twilio.com/docs/api/errors/81002 */
function refuse(execution: Execution, event: Event, reason: string, env: Env): Advanced {
  if (event.type === 'step-requested') throw new EventRefused(reason)
  const ignored = { code: 81002, message: reason, at: event.at, eventId: event.id }
  return {
    execution:
      event.type === 'message-received' ? noteProblem(execution, ignored, env.limits) : execution,
    steps: [],
    effect: null
  }
}
