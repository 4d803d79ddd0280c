import { read, type Write } from './context.ts'
import { type Caller, type Frame, stepSid } from './execution.ts'
import { addWrites, contextFull, flowOf, frameOf, type Journey } from './journey.ts'
import { isObject } from './json.ts'
import { returnToWidget, runWidget } from './visit.ts'
import type { Call, Outcome } from './widget.ts'

// A subflow runs in a frame of its own, with variables and widgets of its own; the channel and the steps
// belong to the one execution. https://www.twilio.com/docs/studio/subflows

export const inSubflow = ({ execution }: Journey): boolean => execution.frames.length > 1

/** Goes into the subflow, as far as its trigger. */
export function enterSubflow(journey: Journey, { flowSid, revision, parent }: Call): Outcome {
  const { execution } = journey
  const { visit } = frameOf(journey)
  const caller: Caller = {
    stepSid: stepSid(execution.sid, visit),
    context: {
      trigger: read(execution.context, 'trigger') ?? {},
      widgets: read(execution.context, 'widgets') ?? {},
      variables: read(execution.context, 'flow', 'variables') ?? {},
      flowSid: read(execution.context, 'flow', 'flow_sid') ?? null
    }
  }
  const trigger = isObject(caller.context.trigger) ? caller.context.trigger : {}
  const entered = addWrites(
    journey,
    contextWrites({ trigger: { ...trigger, parent }, widgets: {}, variables: {}, flowSid })
  )
  if (!entered) return contextFull(journey)
  const frame: Frame = {
    flowSid,
    revision,
    widget: null,
    enteredAt: journey.now,
    visit,
    requests: 0,
    caller
  }
  execution.frames = [...execution.frames, frame]
  return runWidget(journey, flowOf(journey).initialWidget)
}

/** Comes back to the widget that called, which is given what the subflow set. */
export function leaveSubflow(journey: Journey, completed: boolean): Outcome {
  const { execution } = journey
  const { caller } = frameOf(journey)
  const variables = read(execution.context, 'flow', 'variables')
  execution.frames = execution.frames.slice(0, -1)
  // Without the caller's own context nothing sensible can follow.
  if (caller && !addWrites(journey, contextWrites(caller.context)))
    return { ...contextFull(journey), final: true }
  return returnToWidget(journey, completed, isObject(variables) ? variables : {})
}

const contextWrites = ({ trigger, widgets, variables, flowSid }: Caller['context']): Write[] => [
  { path: ['trigger'], value: trigger },
  { path: ['widgets'], value: widgets },
  { path: ['flow', 'variables'], value: variables },
  { path: ['flow', 'flow_sid'], value: flowSid }
]
