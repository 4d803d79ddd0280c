import { stepSid } from './execution.ts'
import { frameOf, type Journey, replaceFrame, stateOf } from './journey.ts'

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
  execution.unrecorded = []
  execution.stepCount += 1
  execution.updatedAt = journey.now
}

/** Between two widgets; what a caller has asked for was for the one that is left. */
export function leaveWidget(journey: Journey): void {
  const { flowSid, revision, enteredAt, visit, requests, caller } = frameOf(journey)
  const frame = { flowSid, revision, widget: null, enteredAt, visit, requests }
  replaceFrame(journey, caller ? { ...frame, caller } : frame)
}
