/** What can be stored and sent: plain data, no dates, no undefined. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Characters that a value takes as JSON: the measure of the context limit. */
export const sizeOf = (value: Json | undefined): number =>
  value === undefined ? 0 : JSON.stringify(value).length
