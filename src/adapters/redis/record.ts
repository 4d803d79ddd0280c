// An execution's record is a list of texts. First its latest changes, the newest first: single ones as they are, before
// them packed groups. Then the whole execution as it was before them, with some steps. Then earlier steps in batches.
// So a turn writes little, a read meets few texts, and all of it is small.
import { type Change, changeOf, executionAfter } from '../../engine/change.ts'
import type { Execution, Step } from '../../engine/execution.ts'
import { executionText, stepText } from '../../engine/text.ts'
import { isPacked, pack, unpack } from './pack.ts'

/** What the next save of an execution goes on from. */
export interface LastSave {
  readonly execution: Execution
  /** Steps in no batch, as lines of JSON, which has no line breaks of its own. */
  readonly lines: readonly string[]
  /** The changes that stand single. */
  readonly changes: readonly string[]
  /** How many groups of changes there are. */
  readonly groups: number
  /** Empty before the first save. */
  readonly mark: string
}

/** What a save writes: `first` before the others, once as many as `dropped` are gone; `batch` behind them. */
export interface Entry {
  readonly dropped: number
  readonly first: string | Buffer
  readonly batch: Buffer | null
}

const mostChanges = 4
const mostGroups = 2
const longestChanges = 6000
/** Steps repeat what the execution holds, so packed together with it they are small. */
const longestBesideExecution = 4000

/** Among so many first texts is the whole execution. */
export const mostTexts = mostChanges + mostGroups + 1

export function nextSave(
  last: LastSave,
  execution: Execution,
  steps: readonly Step[],
  mark: string
): { readonly entry: Entry; readonly save: LastSave } {
  const added = steps.map(stepText)
  const lines = [...last.lines, ...added]
  const { groups } = last
  // One that waits for its first reply, or has ended, may stay as it is for long.
  const change = last.mark === '' ? null : changeOf(last.execution, execution, steps)
  if (!change) return saveWhole(last, execution, lines, mark)
  const changes = [...last.changes, [JSON.stringify(change), ...added].join('\n')]
  const few = changes.length <= mostChanges && lengthOf(changes) <= longestChanges
  if (few && execution.status === 'active') {
    const entry = { dropped: 0, first: changes.at(-1) ?? '', batch: null }
    return { entry, save: { execution, lines, changes, groups, mark } }
  }
  if (groups === mostGroups) return saveWhole(last, execution, lines, mark)
  const entry = { dropped: last.changes.length, first: pack(changes.join('\n\n')), batch: null }
  return { entry, save: { execution, lines, changes: [], groups: groups + 1, mark } }
}

function saveWhole(last: LastSave, execution: Execution, lines: readonly string[], mark: string) {
  const text = executionText(execution)
  const beside = lengthOf(lines) <= longestBesideExecution
  const entry = {
    dropped: last.changes.length + last.groups + 1,
    first: pack(beside ? [text, ...lines].join('\n') : text),
    batch: beside ? null : pack(lines.join('\n'))
  }
  return { entry, save: { execution, lines: beside ? lines : [], changes: [], groups: 0, mark } }
}

const lengthOf = (texts: readonly string[]): number =>
  texts.reduce((sum, { length }) => sum + length, 0)

/** Of a new execution, which has not been saved yet. */
export const firstSave = (execution: Execution): LastSave => ({
  execution,
  lines: [],
  changes: [],
  groups: 0,
  mark: ''
})

export const packNew = (execution: Execution): Buffer => pack(executionText(execution))

/** From the first texts of a record, `mostTexts` or more of them. */
export const readRecord = (record: readonly Buffer[]): Omit<LastSave, 'mark'> =>
  readWhole(record).save

/** All steps of a whole record. */
export function readSteps(record: readonly Buffer[]): Step[] {
  if (record.length === 0) return []
  const { save, batches } = readWhole(record)
  const earlier = batches.flatMap(batch => unpack(batch).split('\n'))
  return [...earlier, ...save.lines].map(readStep)
}

function readWhole(record: readonly Buffer[]) {
  const changes: string[] = []
  const later: Part[] = []
  for (const [at, entry] of record.entries()) {
    const text = isPacked(entry) ? unpack(entry) : entry.toString()
    const [part, ...others] = text.split('\n\n').map(readPart)
    if (part && isWhole(part.head)) {
      const save = { execution: part.head, lines: part.lines, changes, groups: at - changes.length }
      return { save: later.reduce(addChange, save), batches: record.slice(at + 1) }
    }
    if (part) later.unshift(part, ...others)
    if (!isPacked(entry)) changes.unshift(text)
  }
  throw new Error('A record has no execution')
}

interface Part {
  readonly head: Execution | Change
  readonly lines: readonly string[]
}

function readPart(text: string): Part {
  const [head = '', ...lines] = text.split('\n')
  return { head: JSON.parse(head), lines }
}

const isWhole = (head: Execution | Change): head is Execution => 'context' in head

const addChange = <Save extends { execution: Execution; lines: readonly string[] }>(
  save: Save,
  { head, lines }: Part
): Save => ({
  ...save,
  execution: executionAfter(save.execution, head, lines.map(readStep)),
  lines: [...save.lines, ...lines]
})

const readStep = (line: string): Step => JSON.parse(line)
