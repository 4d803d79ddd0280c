import { isObject, type JsonObject } from '../engine/json.ts'
import { BadRequest } from './errors.ts'

/** A field that holds a JSON object as text; absent or empty is an empty object. Throws `BadRequest`. */
export function jsonObject(field: string, text: string | undefined): JsonObject {
  if (text === undefined || text.trim() === '') return {}
  const value = parse(field, text)
  if (!isObject(value))
    throw new BadRequest(`${field} must be a JSON object, such as {"name": "Ada"}`)
  return value
}

function parse(field: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new BadRequest(`${field} is not JSON: ${(error as Error).message}`)
  }
}
