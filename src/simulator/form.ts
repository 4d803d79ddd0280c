import { badParameter, refuse } from './refusal.ts'

/** A form as it arrived. A name that was sent more than once holds a list. */
export type Form = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * An update that names nothing is an error of its own: https://www.twilio.com/docs/api/errors/20161
 */
export function requireSomething(form: Form) {
  if (Object.keys(form).length === 0) throw refuse(20161, 'Nothing to update was given')
}

export function text(form: Form, name: string, longest = Number.POSITIVE_INFINITY) {
  const value = form[name]
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw badParameter(`${name} was given more than once`)
  if (value.length > longest) throw badParameter(`${name} is longer than ${longest} characters`)
  return value
}

export function list(form: Form, name: string): readonly string[] | undefined {
  const value = form[name]
  return typeof value === 'string' ? [value] : value
}

export function wholeNumber(form: Form, name: string) {
  const value = text(form, name)
  if (value === undefined) return undefined
  if (!/^\d{1,15}$/.test(value)) throw badParameter(`${name} must be a whole number`)
  return Number(value)
}

export function sid(form: Form, name: string, prefix: string) {
  const value = text(form, name)
  if (value === undefined) return undefined
  if (/^[0-9a-fA-F]{32}$/.test(value.slice(2)) && value.startsWith(prefix)) return value
  throw badParameter(`${name} must be a SID that starts with ${prefix}`)
}

export function date(form: Form, name: string) {
  const value = text(form, name)
  if (value === undefined) return undefined
  const time = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(time)) throw badParameter(`${name} must be an ISO 8601 date`)
  return time
}

/** The two dates that every resource lets its caller choose. */
export const dates = (form: Form) => ({
  dateCreated: date(form, 'DateCreated'),
  dateUpdated: date(form, 'DateUpdated')
})

export function oneOf<T extends string>(form: Form, name: string, values: readonly T[]) {
  const value = text(form, name)
  if (value === undefined) return undefined
  const found = values.find(candidate => candidate === value)
  if (found === undefined) throw badParameter(`${name} must be one of ${values.join(', ')}`)
  return found
}
