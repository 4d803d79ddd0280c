import type { Execution } from '../../engine/execution.ts'
import { diagnose } from '../../runtime/diagnosis.ts'
import type { Schedule } from '../../runtime/due.ts'
import { isoDate } from '../links.ts'

/** https://www.twilio.com/docs/studio/rest-api/v2/execution */
export function executionResource(execution: Execution, origin: string) {
  const url = executionUrl(execution, origin)
  return {
    sid: execution.sid,
    account_sid: execution.accountSid,
    flow_sid: execution.flowSid,
    contact_channel_address: execution.to,
    contact_sid: execution.contactSid,
    flow_version: execution.flowRevision,
    context: {},
    status: execution.status,
    date_created: isoDate(execution.createdAt),
    date_updated: isoDate(execution.updatedAt),
    initiated_by: execution.initiatedBy,
    url,
    links: { steps: `${url}/Steps`, execution_context: `${url}/Context` }
  }
}

export const executionUrl = ({ flowSid, sid }: Execution, origin: string): string =>
  `${origin}/v2/Flows/${flowSid}/Executions/${sid}`

export function contextResource(execution: Execution, origin: string) {
  return {
    account_sid: execution.accountSid,
    context: execution.context,
    flow_sid: execution.flowSid,
    execution_sid: execution.sid,
    url: `${executionUrl(execution, origin)}/Context`
  }
}

export function diagnosisResource(schedule: Schedule, execution: Execution, origin: string) {
  const diagnosis = diagnose(schedule, execution)
  const { doing, waiting, lastLookAt, nextLookAt, conversationSid, teardown, problems } = diagnosis
  return {
    account_sid: execution.accountSid,
    flow_sid: execution.flowSid,
    execution_sid: execution.sid,
    status: execution.status,
    doing,
    waiting_since: waiting && isoDate(waiting.since),
    waiting_until: waiting && isoDate(waiting.until),
    last_look: lastLookAt && isoDate(lastLookAt),
    next_look: nextLookAt && isoDate(nextLookAt),
    question_index: waiting?.afterIndex ?? null,
    conversation_sid: conversationSid,
    end_reason: execution.end?.reason ?? null,
    teardown: teardown && {
      tasks: teardown.tasks.map(({ type, conversationSid: sid }) => ({
        type,
        conversation_sid: sid
      })),
      attempts: teardown.attempts,
      next_attempt: isoDate(teardown.nextAt),
      last_error: teardown.lastError
    },
    problems: problems.map(({ code, message, at, widget, stepSid }) => ({
      code,
      message,
      date: isoDate(at),
      widget: widget ?? null,
      step_sid: stepSid ?? null
    })),
    url: `${executionUrl(execution, origin)}/Diagnosis`
  }
}
