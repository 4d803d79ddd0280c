// Executions newest first, listed under everything a query may ask for, so that no query reads past
// many executions to find a few.
import { compareKeys } from 'lmdb'
import type { Execution } from '../../engine/execution.ts'
import type { ExecutionQuery } from '../../runtime/ports.ts'
import type { Tables } from './database.ts'
import { keyPart } from './keys.ts'
import { readExecution } from './saved.ts'
import type { Key } from './table.ts'

type Listed = Pick<Execution, 'sid' | 'flowSid' | 'to' | 'createdAt'>
type Status = Execution['status']

/** What list a query asks for: the shortest one that holds every answer. */
function listOf({ flowSid, conversationSid, to, status }: ExecutionQuery): string {
  if (conversationSid !== undefined) return conversationList(flowSid, conversationSid)
  if (to !== undefined) return contactList(flowSid, to)
  return status === undefined ? flowList(flowSid) : statusList(flowSid, status)
}

const flowList = (flowSid: string): string => keyPart(flowSid)
const statusList = (flowSid: string, status: Status): string => `${keyPart(flowSid)}/${status}`
const contactList = (flowSid: string, to: string): string => `${keyPart(flowSid)}/to/${keyPart(to)}`
const conversationList = (flowSid: string, conversationSid: string): string =>
  `${keyPart(flowSid)}/in/${keyPart(conversationSid)}`

export function enlist({ lists }: Tables, execution: Listed): void {
  const { flowSid, to } = execution
  for (const list of [flowList(flowSid), contactList(flowSid, to), statusList(flowSid, 'active')])
    lists.put(placeIn(list, execution), '')
}

export function enlistUnder({ lists }: Tables, execution: Listed, conversationSid: string): void {
  lists.put(placeIn(conversationList(execution.flowSid, conversationSid), execution), '')
}

export function enlistEnded({ lists }: Tables, execution: Listed): void {
  lists.remove(placeIn(statusList(execution.flowSid, 'active'), execution))
  lists.put(placeIn(statusList(execution.flowSid, 'ended'), execution), '')
}

export function unlist(
  { lists }: Tables,
  execution: Listed,
  conversations: readonly string[]
): void {
  const { flowSid, to } = execution
  const names = [
    flowList(flowSid),
    contactList(flowSid, to),
    statusList(flowSid, 'active'),
    statusList(flowSid, 'ended'),
    ...conversations.map(conversationSid => conversationList(flowSid, conversationSid))
  ]
  for (const list of names) lists.remove(placeIn(list, execution))
}

/** Newest first; those made in the same millisecond by their SIDs, the greatest first. */
export function listExecutions(tables: Tables, query: ExecutionQuery): Execution[] {
  const found: Execution[] = []
  if (query.limit <= 0) return found
  for (const key of tables.lists.getKeys(rangeOf(query))) {
    const execution = readExecution(tables, String(key[2]))
    if (execution === null || !answers(execution, query)) continue
    found.push(execution)
    if (found.length === query.limit) break
  }
  return query.newer === undefined ? found : found.reverse()
}

/** Backwards from the newest, or forwards from `newer`, to have the nearest ones first. */
function rangeOf(query: ExecutionQuery) {
  const list = listOf(query)
  const { createdFrom, createdBefore, older, newer } = query
  const lows: Key[] = [[list]]
  if (createdFrom !== undefined) lows.push([list, createdFrom])
  // One more field: right after the place itself.
  if (newer !== undefined) lows.push([list, newer.createdAt, newer.sid, 0])
  const highs: Key[] = [[list, '~']]
  if (createdBefore !== undefined) highs.push([list, createdBefore])
  if (older !== undefined) highs.push([list, older.createdAt, older.sid])
  const low = lows.reduce((a, b) => (compareKeys(a, b) < 0 ? b : a))
  const high = highs.reduce((a, b) => (compareKeys(a, b) < 0 ? a : b))
  return newer === undefined
    ? { start: high, exclusiveStart: true, end: low, reverse: true }
    : { start: low, end: high }
}

const answers = (execution: Execution, { status, to }: ExecutionQuery): boolean =>
  execution.end?.reason !== 'deleted' &&
  (status === undefined || execution.status === status) &&
  (to === undefined || execution.to === to)

const placeIn = (list: string, { createdAt, sid }: Listed): Key => [list, createdAt, sid]
