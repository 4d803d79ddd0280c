import { randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Execution } from '../../engine/execution.ts'

/** An execution as this process saved it. */
interface Save {
  readonly execution: Execution
}

/** By SID: what this process saved last, so that a store need not read a lively conversation at each turn. */
export type Memory<Saved extends Save> = LRUCache<string, Saved>

/** In characters of JSON, about; objects take a few times as much. */
const maxSize = 40_000_000
const sizeBesideContext = 10_000

export const makeMemory = <Saved extends Save>(): Memory<Saved> =>
  new LRUCache({
    maxSize,
    sizeCalculation: ({ execution }) => sizeBesideContext + execution.contextSize
  })

/** One that has ended says nothing more. */
export function remember<Saved extends Save>(memory: Memory<Saved>, saved: Saved): void {
  const { sid, status } = saved.execution
  if (status === 'ended') memory.delete(sid)
  else memory.set(sid, saved)
}

const writer = randomBytes(6).toString('base64url')
let marks = 0

/**
 * Kept with an execution until the next save, which has another one: so it tells whether a save is the last. No two
 * are alike, in whatever process, and even where a store has lost what was saved under one.
 */
export const newMark = (): string => `${writer}${(marks++).toString(36)}`
