import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Execution } from '../../engine/execution.ts'
import type { StepLines } from './record.ts'

/** What the next save of an execution goes on from. */
export interface LastSave {
  /** The steps beside the execution in its record, which the next save writes anew. */
  readonly latest: StepLines
  /** Stands in the head until the next save; no two are alike, even where Redis has lost one. Empty before the first. */
  readonly mark: string
}

export interface Saved extends LastSave {
  readonly execution: Execution
}

/** By SID: the executions that this process saved last, so that a lively conversation is not read at each turn. */
export type Memory = LRUCache<string, Saved>

/** In characters of JSON, about; objects take a few times as much. */
const maxSize = 16_000_000
const sizeBesideContext = 2000

export const makeMemory = (): Memory =>
  new LRUCache({
    maxSize,
    sizeCalculation: ({ execution, latest }) =>
      sizeBesideContext + execution.contextSize + latest.length
  })

const writer = randomBytes(6).toString('base64url')
let marks = 0

export const newMark = (): string => `${writer}${(marks++).toString(36)}`
