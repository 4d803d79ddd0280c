import { read } from '../engine/context.ts'
import type { HttpAnswer } from '../engine/effect.ts'
import { isObject, type Json, type JsonObject } from '../engine/json.ts'
import type { Visit } from '../engine/widget.ts'

/**
 * A response as templates see it. `parsed` is there only for a JSON object; it is merged, key by key, into
 * the one of the widget's last run, and outlives an answer that is no JSON.
 * https://www.twilio.com/docs/studio/widget-library/run-function
 */
export function responseOutput(
  visit: Pick<Visit, 'name' | 'context'>,
  answer: HttpAnswer
): JsonObject {
  const before = read(visit.context, 'widgets', visit.name, 'parsed')
  const now = isJson(answer.contentType) ? objectIn(answer.body) : null
  const parsed = { ...(isObject(before) && before), ...now }
  return {
    body: answer.body,
    content_type: answer.contentType,
    status_code: answer.status,
    ...((isObject(before) || now) && { parsed })
  }
}

const isJson = (contentType: string): boolean =>
  /^application\/([\w.-]+\+)?json\b/i.test(contentType.trim())

function objectIn(body: string): JsonObject | null {
  try {
    const value = JSON.parse(body) as Json
    return isObject(value) ? value : null
  } catch {
    return null
  }
}
