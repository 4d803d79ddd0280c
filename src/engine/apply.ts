import { endExecution } from './ending.ts'
import { type Execution, type Frame, stepSid } from './execution.ts'
import {
  addProblem,
  addWrites,
  changeFrame,
  contextFull,
  frameOf,
  type Journey,
  stateOf
} from './journey.ts'
import type { Fail, Go, Outcome, VisitAttachment } from './widget.ts'

type Wait = Extract<Outcome, { type: 'wait' }>
type Request = Extract<Outcome, { type: 'request' }>

/** Carries out what a visit came to. Answers the widget that follows, or null where the execution stops for now. */
export function apply(journey: Journey, outcome: Outcome): string | null {
  switch (outcome.type) {
    case 'go':
      return go(journey, outcome)
    case 'fail':
      return fail(journey, outcome)
    case 'wait':
      return wait(journey, outcome)
    case 'request':
      return request(journey, outcome)
    default:
      return outcome satisfies never
  }
}

function go(journey: Journey, outcome: Go): string | null {
  if (!addWrites(journey, outcome.writes)) return fail(journey, contextFull(journey))
  attach(journey, outcome.attachment)
  const transitions = stateOf(journey)?.transitions ?? []
  const taken =
    outcome.place === undefined
      ? transitions.find(({ event }) => event === outcome.event)
      : transitions[outcome.place]
  return follow(journey, outcome.event, taken?.next || null)
}

/** In a stepwise execution a failed step leaves the decision to the caller; elsewhere nothing can follow. */
function fail(journey: Journey, { code, message }: Fail): string | null {
  addProblem(journey, { code, message })
  const { stepCount, mode } = journey.execution
  if (mode === 'stepwise' && stepCount < journey.env.limits.steps)
    return leaveToCaller(journey, 'failed')
  record(journey, 'failed', 'Ended')
  journey.execution = endExecution(journey.execution, 'failed', journey.now)
  return null
}

function follow(journey: Journey, event: string, next: string | null): string | null {
  const { handOver } = frameOf(journey)
  if (journey.execution.mode === 'stepwise' && !handOver) return leaveToCaller(journey, event)
  record(journey, event, next ?? 'Ended')
  changeFrame(journey, atRest)
  if (handOver) journey.execution = { ...journey.execution, mode: 'flow' }
  if (next === null) journey.execution = endExecution(journey.execution, 'completed', journey.now)
  return next
}

function leaveToCaller(journey: Journey, event: string): null {
  record(journey, event, null)
  changeFrame(journey, atRest)
  journey.execution = { ...journey.execution, pause: { type: 'step' } }
  return null
}

const atRest: Pick<Frame, 'widget' | 'inline' | 'requestId' | 'handOver'> = {
  widget: null,
  inline: undefined,
  requestId: undefined,
  handOver: undefined
}

function record(journey: Journey, transition: string, next: string | null): void {
  const { execution } = journey
  const { widget, enteredAt, requestId } = frameOf(journey)
  journey.steps.push({
    sid: stepSid(execution.sid, execution.stepCount),
    number: execution.stepCount,
    parentSid: null,
    widget: widget ?? '',
    type: stateOf(journey)?.type ?? '',
    transition,
    next,
    enteredAt,
    leftAt: journey.now,
    writes: journey.unrecorded,
    ...(requestId !== undefined && { requestId })
  })
  journey.unrecorded = []
  journey.execution = { ...execution, stepCount: execution.stepCount + 1, updatedAt: journey.now }
}

function wait(journey: Journey, outcome: Wait): null {
  const { execution, now, env } = journey
  journey.execution = {
    ...execution,
    pause: {
      type: 'reply',
      token: String(execution.stepCount),
      afterIndex: outcome.afterIndex,
      since: now,
      until: Math.min(now + outcome.timeoutMs, execution.createdAt + env.limits.lifetimeMs),
      memory: outcome.memory
    }
  }
  return null
}

function request(journey: Journey, outcome: Request): null {
  attach(journey, outcome.attachment)
  const { requests } = frameOf(journey)
  const id = `${journey.execution.sid}:${journey.execution.stepCount}:${requests}`
  changeFrame(journey, { requests: requests + 1 })
  journey.effect = { ...outcome.effect, id }
  journey.execution = {
    ...journey.execution,
    pause: { type: 'effect', effectId: id, memory: outcome.memory }
  }
  return null
}

function attach(journey: Journey, attachment: VisitAttachment | undefined): void {
  if (!attachment) return
  const { execution } = journey
  const step = execution.stepCount
  const others: Execution['attachments'] = execution.attachments.filter(
    other => other.step !== step
  )
  journey.execution = { ...execution, attachments: [...others, { ...attachment, step }] }
}
