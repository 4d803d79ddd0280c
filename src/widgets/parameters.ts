import { type Static, Type } from 'typebox'
import type { Json } from '../engine/json.ts'
import type { Visit } from '../engine/widget.ts'
import { Template } from './define.ts'

/** A key with a value to render, as several widgets have them. */
export const Parameter = Type.Object({
  key: Type.String(),
  value: Type.Optional(Type.Union([Template, Type.Number(), Type.Boolean(), Type.Null()])),
  type: Type.Optional(Type.String())
})
type Parameter = Static<typeof Parameter>

/** Keys with their rendered values, as a form has them. */
export const formFields = (
  visit: Visit,
  parameters: readonly Parameter[] = []
): [string, string][] =>
  parameters.map(parameter => [parameter.key, renderedValue(visit, parameter)])

const renderedValue = (visit: Visit, { value }: Parameter): string =>
  visit.render(String(value ?? ''))

/** The value as JSON where its type says so: https://www.twilio.com/docs/studio/widget-library/set-variables */
export function typedValue(visit: Visit, parameter: Parameter): Json {
  const text = renderedValue(visit, parameter)
  if (parameter.type !== 'json_object') return text
  try {
    return JSON.parse(text) as Json
  } catch {
    // https://www.twilio.com/docs/api/errors/81027
    visit.warn(81027, `${parameter.key} is not JSON, so it is kept as text: ${text.slice(0, 200)}`)
    return text
  }
}
