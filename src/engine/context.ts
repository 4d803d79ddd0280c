import { isObject, type Json, type JsonObject } from './json.ts'

/**
 * What templates see; four roots: `flow`, `trigger`, `widgets`, `contact`.
 * https://www.twilio.com/docs/studio/user-guide/get-started
 */
export type Context = JsonObject

/** One value put at one place of the context. Steps keep their writes; the context is their fold. */
export interface Write {
  readonly path: readonly string[]
  readonly value: Json
}

/** The context after the writes; the given one stays as it is, and what did not change is shared. */
export function applyWrites(context: Context, writes: readonly Write[]): Context {
  return writes.reduce((folded, { path, value }) => put(folded, path, value), context)
}

function put(object: JsonObject, path: readonly string[], value: Json): JsonObject {
  const [key, ...rest] = path
  if (key === undefined) return isObject(value) ? value : object
  const inner = own(object, key)
  // A computed key makes an own property even of `__proto__`, so no author can reach a prototype.
  return {
    ...object,
    [key]: rest.length === 0 ? value : put(isObject(inner) ? inner : {}, rest, value)
  }
}

/** The value at a path, or undefined; never something inherited. */
export function read(context: Json | undefined, ...path: string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (value, key) => (isObject(value) ? own(value, key) : undefined),
    context
  )
}

const own = (object: JsonObject, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined
