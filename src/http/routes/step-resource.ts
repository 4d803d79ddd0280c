import type { Execution, Step } from '../../engine/execution.ts'
import { contextAfter, variablesOf } from '../../runtime/executions.ts'
import type { StepResult } from '../../runtime/steps.ts'
import { isoDate } from '../links.ts'
import { executionUrl } from './execution-resource.ts'

/** https://www.twilio.com/docs/studio/rest-api/v2/step */
export function stepResource(execution: Execution, step: Step, origin: string) {
  const url = `${executionUrl(execution, origin)}/Steps/${step.sid}`
  return {
    sid: step.sid,
    account_sid: execution.accountSid,
    flow_sid: execution.flowSid,
    execution_sid: execution.sid,
    parent_step_sid: step.parentSid,
    name: step.transition,
    context: {},
    transitioned_from: step.widget,
    transitioned_to: step.next,
    type: step.type,
    date_created: isoDate(step.enteredAt),
    date_updated: isoDate(step.leftAt),
    url,
    links: { step_context: `${url}/Context` }
  }
}

/** The context as it was after the last of these steps. */
export function stepContextResource(
  execution: Execution,
  steps: readonly Step[],
  stepSid: string,
  origin: string
) {
  return {
    account_sid: execution.accountSid,
    context: contextAfter(steps),
    execution_sid: execution.sid,
    flow_sid: execution.flowSid,
    step_sid: stepSid,
    url: `${executionUrl(execution, origin)}/Steps/${stepSid}/Context`
  }
}

export function stepRunResource({ execution, step, stepSid }: StepResult, origin: string) {
  const widget = step?.widget ?? execution.frames.at(-1)?.widget ?? ''
  return {
    account_sid: execution.accountSid,
    flow_sid: execution.flowSid,
    execution_sid: execution.sid,
    status: step ? ('completed' as const) : ('waiting' as const),
    step_sid: step?.sid ?? null,
    widget,
    transition: step?.transition ?? null,
    variables: variablesOf(execution, widget),
    problems: execution.problems
      .filter(problem => problem.stepSid === stepSid)
      .map(({ code, message }) => ({ code, message })),
    url: step && `${executionUrl(execution, origin)}/Steps/${step.sid}`
  }
}
