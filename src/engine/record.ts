import { stepSid } from './execution.ts'
import { frameOf, type Journey, stateOf, withFrame } from './journey.ts'

/** Keeps the visit that is over as a step: https://www.twilio.com/docs/studio/rest-api/v2/step */
export function record(journey: Journey, transition: string, next: string | null): void {
  const { execution } = journey
  const { widget, enteredAt, requestId, visit, caller } = frameOf(journey)
  journey.steps.push({
    sid: stepSid(execution.sid, visit),
    number: execution.stepCount,
    parentSid: caller?.stepSid ?? null,
    widget: widget ?? '',
    type: stateOf(journey)?.type ?? '',
    transition,
    next,
    enteredAt,
    leftAt: journey.now,
    writes: execution.unrecorded,
    ...(requestId !== undefined && { requestId })
  })
  journey.execution = {
    ...execution,
    unrecorded: [],
    stepCount: execution.stepCount + 1,
    updatedAt: journey.now
  }
}

/** Between two widgets. */
export function leaveWidget(journey: Journey): void {
  const { execution } = journey
  const { inline, requestId, handOver, ...frame } = frameOf(journey)
  journey.execution = { ...execution, frames: withFrame(execution, { ...frame, widget: null }) }
}
