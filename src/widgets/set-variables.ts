import { type Static, Type } from 'typebox'
import type { Json } from '../engine/json.ts'
import type { Visit } from '../engine/widget.ts'
import { defineWidget, go, Template } from './define.ts'

const Variable = Type.Object({
  key: Type.String(),
  value: Type.Optional(Type.Union([Template, Type.Number(), Type.Boolean(), Type.Null()])),
  type: Type.Optional(Type.String())
})
const Properties = Type.Object({ variables: Type.Optional(Type.Array(Variable)) })

/**
 * Sets variables at `flow.variables.KEY` and, the same, at `widgets.NAME.KEY`. All are rendered before any is set.
 * https://www.twilio.com/docs/studio/widget-library/set-variables
 */
export const setVariables = defineWidget({
  type: 'set-variables',
  properties: Properties,
  transitions: ['next'],

  run(visit) {
    const values = (visit.properties.variables ?? []).map(
      variable => [variable.key, variableValue(visit, variable)] as const
    )
    const writes = values.map(([key, value]) => ({ path: ['flow', 'variables', key], value }))
    return go(visit, 'next', Object.fromEntries(values), writes)
  }
})

function variableValue(visit: Visit, { key, value, type }: Static<typeof Variable>): Json {
  const text = visit.render(String(value ?? ''))
  return type === 'json_object' ? parsed(visit, key, text) : numberOrText(text)
}

function parsed(visit: Visit, key: string, text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    // https://www.twilio.com/docs/api/errors/81027
    visit.warn(
      81027,
      `The variable ${key} is not JSON, so it is kept as text: ${text.slice(0, 200)}`
    )
    return text
  }
}

/**
 * A bare number becomes one, white space around it apart; text that a number would not print again, such
 * as `007` or a long card number, stays text. https://support.twilio.com/hc/en-us/articles/4413699936411
 */
function numberOrText(text: string): Json {
  const trimmed = text.trim()
  const number = Number(trimmed)
  return trimmed !== '' && String(number) === trimmed && Number.isFinite(number) ? number : text
}
