// The names of lists, and places in them. A flow's lists of one shard are one sorted set, in which
// `<list>/<place>` stands for each execution; as text sorts, each list is in order of creation.
import type { Execution } from '../../engine/execution.ts'
import type { ExecutionQuery, Position } from '../../runtime/ports.ts'
import { type Contact, digest, keyPart } from './keys.ts'

type Listed = Pick<Execution, 'sid' | 'createdAt'>

export const statusList = (status: Execution['status']): string => status
const toList = (to: string): string => `to/${keyPart(to)}`
export const conversationList = (conversationSid: string): string =>
  `in/${keyPart(conversationSid)}`
/** Active executions of one contact. */
export const contactList = ({ contactSid }: Contact): string =>
  `contact/${digest([contactSid]).slice(0, 22)}`
/** The execution that the key has made for this contact. */
export const idempotencyList = ({ contactSid }: Contact, key: string): string =>
  `key/${digest([contactSid, key]).slice(0, 22)}`

/** Where a new execution is listed. */
export const firstLists = (
  execution: Pick<Execution, 'to' | 'flowSid' | 'contactSid'>
): string[] => [statusList('active'), toList(execution.to), contactList(execution)]
/** Where an execution may be listed without its head saying so. */
export const allLists = (execution: Pick<Execution, 'to' | 'flowSid' | 'contactSid'>): string[] => [
  ...firstLists(execution),
  statusList('ended')
]

/** The shortest lists that together hold every answer to a query. */
export function listsOf({ conversationSid, to, status }: ExecutionQuery): string[] {
  if (conversationSid !== undefined) return [conversationList(conversationSid)]
  if (to !== undefined) return [toList(to)]
  // An execution that ends meanwhile moves to the second, so it is not overlooked.
  return status === undefined ? [statusList('active'), statusList('ended')] : [statusList(status)]
}

const digits = 15
export const placeOf = ({ createdAt, sid }: Listed): string => `${momentOf(createdAt)}${sid}`
export const positionAt = (place: string): Position => ({
  createdAt: Number(place.slice(0, digits)),
  sid: place.slice(digits)
})
const momentOf = (at: number): string =>
  String(Math.min(Math.max(Math.ceil(at), 0), 10 ** digits - 1)).padStart(digits, '0')

/** What of a list a query asks for, as the two bounds of `ZRANGE … BYLEX`. */
export function boundsOf(
  list: string,
  { createdFrom, createdBefore, newer, older }: ExecutionQuery
) {
  const after = [
    `[${list}/${createdFrom === undefined ? '' : momentOf(createdFrom)}`,
    ...(newer ? [`(${list}/${placeOf(newer)}`] : [])
  ]
  const before = [
    ...(createdBefore === undefined ? [] : [`(${list}/${momentOf(createdBefore)}`]),
    ...(older ? [`(${list}/${placeOf(older)}`] : []),
    `(${list}0`
  ]
  return { min: latest(after), max: earliest(before) }
}

const textOf = (bound: string): string => bound.slice(1)
const latest = (bounds: readonly string[]): string =>
  bounds.reduce((a, b) => (textOf(a) < textOf(b) ? b : a))
const earliest = (bounds: readonly string[]): string =>
  bounds.reduce((a, b) => (textOf(b) < textOf(a) ? b : a))
