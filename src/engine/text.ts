// Executions and steps as JSON, made of the texts of those parts that are there already.
import type { Context } from './context.ts'
import type { Execution, Step } from './execution.ts'
import { isObject, type Json, type JsonObject, textOf } from './json.ts'

/** What `JSON.stringify` would make of it, with the context as the last member. */
export function executionText(execution: Execution): string {
  const rest = JSON.stringify({ ...execution, context: undefined })
  return withMember(rest, 'context', contextText(execution.context))
}

export function stepText(step: Step): string {
  const texts = step.writes.map(
    ({ path, value }) => `{"path":${JSON.stringify(path)},"value":${textOf(value)}}`
  )
  const rest = JSON.stringify({ ...step, writes: undefined })
  return withMember(rest, 'writes', `[${texts.join(',')}]`)
}

const withMember = (object: string, name: string, text: string): string =>
  `${object.slice(0, -1)},"${name}":${text}}`

/** A turn changes a widget's variables or two, so each widget's have a text of their own. */
const contextText = (context: Context): string =>
  objectText(context, (value, name) =>
    name === 'widgets' && isObject(value) ? objectText(value, textOf) : textOf(value)
  )

const objectText = (object: JsonObject, text: (value: Json, name: string) => string): string =>
  `{${Object.entries(object)
    .map(([name, value]) => `${JSON.stringify(name)}:${text(value, name)}`)
    .join(',')}}`
