// Executions and steps as JSON, made of the texts of those parts that are there already.
import type { Context } from './context.ts'
import type { Execution, Step } from './execution.ts'
import { isObject, type Json, type JsonObject, textOf } from './json.ts'

/** What `JSON.stringify` would make of it, with the context as the last member. */
export function executionText({ context, ...rest }: Execution): string {
  return withMember(JSON.stringify(rest), 'context', contextText(context))
}

export function stepText({ writes, ...rest }: Step): string {
  const texts = writes.map(
    ({ path, value }) => `{"path":${JSON.stringify(path)},"value":${textOf(value)}}`
  )
  return withMember(JSON.stringify(rest), 'writes', `[${texts.join(',')}]`)
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
