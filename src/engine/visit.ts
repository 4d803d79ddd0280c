import type { State } from '../flow/schema.ts'
import { type Pause, stepSid } from './execution.ts'
import { addProblem, changeFrame, frameOf, type Journey, stateOf } from './journey.ts'
import type { JsonObject } from './json.ts'
import type { Fail, Outcome, Resumption, Visit, Widget } from './widget.ts'

export const runWidget = (journey: Journey, name: string): Outcome =>
  enterWidget(journey, name) ?? runEntered(journey)

/** Enters a widget, unless a limit stops the execution: nearly always a loop in the flow. */
export function enterWidget(journey: Journey, name: string): Fail | null {
  const { execution, env } = journey
  const length = execution.streak.widget === name ? execution.streak.length + 1 : 1
  // Steps that a caller asks for are no loop; those of a subflow nobody asked for.
  const counted = execution.mode === 'flow' || execution.frames.length > 1
  const visit = execution.visitCount
  changeFrame(journey, { widget: name, enteredAt: journey.now, visit, requests: 0 })
  execution.visitCount = visit + 1
  if (counted) execution.streak = { widget: name, length }

  if (visit >= env.limits.steps) {
    return stop(
      81000,
      `The limit of ${env.limits.steps} steps is reached; look for a loop in the flow (setting MAX_STEPS)`
    )
  }
  if (counted && length > env.limits.sameWidget) {
    return stop(
      81001,
      `${name} has run ${env.limits.sameWidget} times in a row; look for a transition that leads back to it (setting MAX_SAME_WIDGET)`
    )
  }
  return null
}

/** Runs the widget that was entered. */
export function runEntered(journey: Journey): Outcome {
  const running = find(journey)
  return 'fault' in running
    ? fail(81022, running.fault)
    : running.widget.run(visitOf(journey, running.state))
}

/** Gives a paused widget what it waited for. */
export function resumeWidget(journey: Journey, event: Resumption, pause: Pause | null): Outcome {
  const running = find(journey)
  if ('fault' in running) return fail(81022, running.fault)
  const { widget, state } = running
  if (!widget.resume || !pause || pause.type === 'step') {
    return fail(null, `${state.name} cannot be resumed`)
  }
  return widget.resume(visitOf(journey, state), event, pause.memory)
}

/** Gives the widget that called a subflow what has come of it. */
export function returnToWidget(
  journey: Journey,
  completed: boolean,
  variables: JsonObject
): Outcome {
  const running = find(journey)
  if ('fault' in running) return fail(81022, running.fault)
  const { widget, state } = running
  return (
    widget.returned?.(visitOf(journey, state), completed, variables) ??
    fail(null, `${state.name} calls no subflow`)
  )
}

const fail = (code: number | null, message: string): Fail => ({ type: 'fail', code, message })

/** A limit stops the whole execution, wherever in it it is reached. */
const stop = (code: number, message: string): Fail => ({ ...fail(code, message), final: true })

function find(journey: Journey): { widget: Widget; state: State } | { fault: string } {
  const state = stateOf(journey)
  if (!state) return { fault: `The flow has no widget ${frameOf(journey).widget}` }
  const { widgets } = journey.env
  const widget = Object.hasOwn(widgets, state.type) ? widgets[state.type] : undefined
  return widget
    ? { widget, state }
    : { fault: `${state.name} is of an unknown type: ${state.type}` }
}

function visitOf(journey: Journey, state: State): Visit {
  const { execution, env, now } = journey
  const warn = (code: number | null, message: string) => addProblem(journey, { code, message })
  return {
    name: state.name,
    properties: state.properties ?? {},
    transitions: state.transitions,
    context: execution.context,
    execution: {
      sid: execution.sid,
      flowSid: frameOf(journey).flowSid,
      stepSid: stepSid(execution.sid, frameOf(journey).visit),
      triggeredBy: execution.triggeredBy,
      depth: execution.frames.length
    },
    now,
    limits: env.limits,
    warn,
    render(template) {
      const { text, fault } = env.render(template, execution.context, now)
      if (fault !== null) warn(81018, fault)
      return text
    },
    matches(pattern, text) {
      const matched = env.matches(pattern, text)
      if (matched === null)
        warn(null, `The pattern ${pattern} is not valid, or takes too long; it counts as no match`)
      return matched ?? false
    }
  }
}
