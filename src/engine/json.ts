/** What can be stored and sent: plain data, no dates, no undefined. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const texts = new WeakMap<object, string>()

/**
 * The value as JSON. Values never change, so the text of an object is made once: a context is measured, saved
 * and kept on steps, and most of it is what it was a turn ago.
 */
export function textOf(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const known = texts.get(value)
  if (known !== undefined) return known
  const text = JSON.stringify(value)
  texts.set(value, text)
  return text
}

/** Characters that a value takes as JSON: the measure of the context limit. */
export const sizeOf = (value: Json | undefined): number =>
  value === undefined ? 0 : textOf(value).length
