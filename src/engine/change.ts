// What a commit changes of an execution, and the execution after it.
import { applyWrites, type Context, type Write } from './context.ts'
import type { Execution, Step } from './execution.ts'
import { isObject, type Json } from './json.ts'

/** The members that have changed, without the context: the writes of the steps and those unrecorded account for it. */
export type Change = Partial<Omit<Execution, 'context'>>

/** Null where the writes do not account for the context, so that the execution has to be kept as a whole. */
export function changeOf(
  before: Execution,
  after: Execution,
  steps: readonly Step[]
): Change | null {
  if (!isSame(contextAfter(before.context, steps, after.unrecorded), after.context)) return null
  const change: Record<string, unknown> = {}
  for (const name of Object.keys(after) as (keyof Execution)[])
    if (name !== 'context' && after[name] !== before[name]) change[name] = after[name]
  return change
}

export function executionAfter(
  before: Execution,
  change: Change,
  steps: readonly Step[]
): Execution {
  const after = { ...before, ...change }
  return { ...after, context: contextAfter(before.context, steps, after.unrecorded) }
}

const contextAfter = (
  context: Context,
  steps: readonly Step[],
  unrecorded: readonly Write[]
): Context => applyWrites(foldSteps(context, steps), unrecorded)

const foldSteps = (context: Context, steps: readonly Step[]): Context =>
  steps.reduce((folded, { writes }) => applyWrites(folded, writes), context)

/** What did not change is shared between contexts, so this goes no deeper than what did. */
function isSame(one: Json | undefined, other: Json | undefined): boolean {
  if (one === other) return true
  if (!isObject(one) || !isObject(other)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every(name => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  )
}
