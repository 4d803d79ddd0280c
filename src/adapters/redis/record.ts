// What an execution's record holds: first the execution with its latest steps, then its earlier steps in batches.
import type { Execution, Step } from '../../engine/execution.ts'
import { executionText, stepText } from '../../engine/text.ts'
import { packFast, packSmall, unpack } from './pack.ts'

/** Steps as lines of JSON, which has no line breaks of its own. */
export type StepLines = string

export interface Packed {
  readonly record: Buffer
  /** Earlier steps that go into a batch of their own; null where there are too few. */
  readonly batch: Buffer | null
  /** Those that stay beside the execution. */
  readonly latest: StepLines
}

/** Steps repeat what the execution holds, so packed together with it they are small, and cost one call. */
const mostBesideExecution = 4000

export function packRecord(
  execution: Execution,
  before: StepLines,
  steps: readonly Step[]
): Packed {
  const lines = steps.map(stepText)
  const all = (before === '' ? lines : [before, ...lines]).join('\n')
  const text = executionText(execution)
  return all.length > mostBesideExecution
    ? { record: packFast(text), batch: packSmall(all), latest: '' }
    : { record: packFast(all === '' ? text : `${text}\n${all}`), batch: null, latest: all }
}

export function unpackRecord(record: Buffer): {
  readonly execution: Execution
  readonly latest: StepLines
} {
  const text = unpack(record)
  const end = text.indexOf('\n')
  return end === -1
    ? { execution: JSON.parse(text), latest: '' }
    : { execution: JSON.parse(text.slice(0, end)), latest: text.slice(end + 1) }
}

/** All steps of a whole record. */
export function unpackSteps([record, ...batches]: readonly Buffer[]): Step[] {
  if (!record) return []
  const texts = [...batches.map(unpack), unpackRecord(record).latest]
  return texts
    .flatMap(lines => (lines === '' ? [] : lines.split('\n')))
    .map(line => JSON.parse(line))
}
