// What an execution's record holds: first the execution, then an entry for the steps of each commit.
import type { Execution, Step } from '../../engine/execution.ts'
import { pack, unpack } from './pack.ts'

export const packExecution = (execution: Execution): Buffer => pack(JSON.stringify(execution))

export const unpackExecution = (packed: Buffer): Execution => JSON.parse(unpack(packed))

/** One more entry. It refers to the first ones, as the steps of an execution resemble each other. */
export const packSteps = (steps: readonly Step[], first: readonly Buffer[]): Buffer =>
  pack(JSON.stringify(steps), textsOf(first))

/** All steps of all entries. */
export function unpackSteps(entries: readonly Buffer[]): Step[] {
  return textsOf(entries).flatMap(text => JSON.parse(text))
}

function textsOf(entries: readonly Buffer[]): string[] {
  const texts: string[] = []
  for (const entry of entries) texts.push(unpack(entry, texts))
  return texts
}
