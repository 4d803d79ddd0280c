import { type Static, Type } from 'typebox'
import type { Answer, RevisionChoice } from '../engine/effect.ts'
import type { Json, JsonObject } from '../engine/json.ts'
import type { Visit } from '../engine/widget.ts'
import { defineWidget, go } from './define.ts'
import { Parameter, typedValue } from './parameters.ts'

const Properties = Type.Object({
  // A literal, never a template. Flows kept in Terraform have placeholders here: they load, and fail when run.
  flow_sid: Type.String({ pattern: '^(FW[0-9a-fA-F]{32}|\\$\\{[^{}]+\\})$' }),
  flow_revision: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
  parameters: Type.Optional(Type.Array(Parameter))
})
type SubflowVisit = Visit<Static<typeof Properties>>

/** https://www.twilio.com/docs/api/errors/81024 */
const subflowFailed = 81024

/**
 * Runs another flow within this execution. It sees this flow's trigger data and its parameters at
 * `trigger.parent.parameters`; the variables it sets are found at `widgets.NAME`.
 * https://www.twilio.com/docs/studio/subflows
 */
export const runSubflow = defineWidget({
  type: 'run-subflow',
  properties: Properties,
  transitions: ['completed', 'failed'],

  run(visit) {
    const { flow_sid: flowSid, flow_revision = 'LatestPublished' } = visit.properties
    if (visit.execution.depth > visit.limits.subflowDepth) {
      visit.warn(
        subflowFailed,
        `Subflows may be nested ${visit.limits.subflowDepth} levels deep (setting MAX_SUBFLOW_DEPTH)`
      )
      return go(visit, 'failed')
    }
    const revision = revisionChoice(flow_revision)
    if (revision === null) {
      visit.warn(
        subflowFailed,
        `A revision is a number, LatestPublished or LatestRevision, not ${flow_revision}`
      )
      return go(visit, 'failed')
    }
    return {
      type: 'request',
      effect: { type: 'load-flow', flowSid, revision },
      memory: parametersOf(visit)
    }
  },

  resume(visit, event, parameters) {
    const answer = (event as { answer: Answer<'load-flow'> }).answer
    if (!answer.ok) {
      visit.warn(subflowFailed, answer.failure.message)
      return go(visit, 'failed')
    }
    return {
      type: 'call',
      flowSid: visit.properties.flow_sid,
      revision: answer.value.revision,
      parent: parentData(visit, parameters)
    }
  },

  returned(visit, completed, variables) {
    if (completed) return go(visit, 'completed', variables)
    visit.warn(
      subflowFailed,
      `The subflow ${visit.properties.flow_sid} failed; its last step says why`
    )
    return go(visit, 'failed')
  }
})

/** The latest draft has two names: the REST API's, and the one Twilio's newer pages use. */
function revisionChoice(text: string | number): RevisionChoice | null {
  if (text === 'LatestPublished') return text
  if (text === 'LatestRevision' || text === 'LatestDraft') return 'LatestRevision'
  return /^[1-9]\d{0,8}$/.test(String(text)) ? Number(text) : null
}

const parametersOf = (visit: SubflowVisit): JsonObject =>
  Object.fromEntries(
    (visit.properties.parameters ?? []).map(parameter => [
      parameter.key,
      typedValue(visit, parameter)
    ])
  )

const parentData = ({ execution }: SubflowVisit, parameters: Json): JsonObject => ({
  parameters,
  flow_sid: execution.flowSid,
  execution_sid: execution.sid,
  step_sid: execution.stepSid,
  trigger_type: execution.triggeredBy
})
