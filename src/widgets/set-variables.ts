import { Type } from 'typebox'
import type { Json } from '../engine/json.ts'
import { defineWidget, go } from './define.ts'
import { Parameter, typedValue } from './parameters.ts'

/**
 * Sets variables at `flow.variables.KEY` and, the same, at `widgets.NAME.KEY`. All are rendered before any
 * is set. https://www.twilio.com/docs/studio/widget-library/set-variables
 */
export const setVariables = defineWidget({
  type: 'set-variables',
  properties: Type.Object({ variables: Type.Optional(Type.Array(Parameter)) }),
  transitions: ['next'],

  run(visit) {
    const values = (visit.properties.variables ?? []).map(variable => {
      const value = typedValue(visit, variable)
      return [
        variable.key,
        variable.type === 'json_object' ? value : numberOrText(String(value))
      ] as const
    })
    const writes = values.map(([key, value]) => ({ path: ['flow', 'variables', key], value }))
    return go(visit, 'next', Object.fromEntries(values), writes)
  }
})

/**
 * A bare number becomes one, white space around it apart; text that a number would not print again, such
 * as `007` or a long card number, stays text. https://support.twilio.com/hc/en-us/articles/4413699936411
 */
function numberOrText(text: string): Json {
  const trimmed = text.trim()
  const number = Number(trimmed)
  return trimmed !== '' && String(number) === trimmed && Number.isFinite(number) ? number : text
}
