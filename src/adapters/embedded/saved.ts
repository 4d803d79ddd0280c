import type { Execution } from '../../engine/execution.ts'
import { remember } from '../memory/saves.ts'
import type { Contents, Tables } from './database.ts'
import { dueKey, executionKey } from './keys.ts'

/** An execution as it is on the disk, in one row. */
export interface Saved {
  readonly head: Head
  readonly execution: Execution
}

/** What the store itself must know of an execution. */
export interface Head {
  /** When somebody must look at it next, as long as nothing is under way with it. */
  readonly dueAt: number | null
  /** Its place in the due index: then, or earlier; so a wait that is put off at each turn moves no row. */
  readonly dueRow: number | null
  readonly ended: boolean
  /** Conversations under which the lists have it. */
  readonly conversations: readonly string[]
}

export const newHead: Head = { dueAt: null, dueRow: null, ended: false, conversations: [] }

export function readSaved({ tables, memory }: Contents, sid: string): Saved | null {
  const known = memory.get(sid)
  if (known) return known
  const row = readRow(tables, sid)
  return row && { head: JSON.parse(row.head), execution: JSON.parse(row.execution) }
}

export function readHead({ tables, memory }: Contents, sid: string): Head | null {
  const known = memory.get(sid)
  if (known) return known.head
  const row = readRow(tables, sid)
  return row && JSON.parse(row.head)
}

export function readExecution(tables: Tables, sid: string): Execution | null {
  const row = readRow(tables, sid)
  return row && JSON.parse(row.execution)
}

/** `text` is the execution as JSON, made before the transaction. */
export function save(contents: Contents, saved: Saved, text: string): void {
  const { head, execution } = saved
  writeRow(contents, execution.sid, head, text)
  remember(contents.memory, saved)
}

/** Gives the execution another place in the due index, and leaves everything else as it is. */
export function moveDueRow(contents: Contents, sid: string): void {
  const { tables, memory } = contents
  const row = readRow(tables, sid)
  if (!row) return
  const before: Head = JSON.parse(row.head)
  const head = { ...before, dueRow: before.dueAt }
  replaceDueRow(tables, sid, before.dueRow, head.dueRow)
  writeRow(contents, sid, head, row.execution)
  const known = memory.get(sid)
  if (known) memory.set(sid, { ...known, head })
}

/** The head with the due time, and its row in the index where that must be another one. */
export function dueFrom(
  tables: Tables,
  sid: string,
  head: Head,
  dueAt: number | null,
  now: number
): Head {
  const { dueRow } = head
  if (dueRow !== null && dueAt !== null && dueRow > now && dueRow <= dueAt)
    return { ...head, dueAt }
  replaceDueRow(tables, sid, dueRow, dueAt)
  return { ...head, dueAt, dueRow: dueAt }
}

export function replaceDueRow(
  { due }: Tables,
  sid: string,
  before: number | null,
  after: number | null
): void {
  if (before === after) return
  if (before !== null) due.remove(dueKey(before, sid))
  if (after !== null) due.put(dueKey(after, sid), '')
}

/** Two lines: JSON has no line breaks of its own. */
function writeRow(
  { tables, memory, changes }: Contents,
  sid: string,
  head: Head,
  execution: string
): void {
  changes.undo.push(() => memory.delete(sid))
  tables.records.put(executionKey(sid), `${JSON.stringify(head)}\n${execution}`)
}

function readRow({ records }: Tables, sid: string) {
  const text = records.get(executionKey(sid))
  if (text === undefined) return null
  const end = text.indexOf('\n')
  return { head: text.slice(0, end), execution: text.slice(end + 1) }
}
