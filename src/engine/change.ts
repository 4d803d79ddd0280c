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
  for (const [name, value] of Object.entries(after))
    if (name !== 'context' && value !== before[name as keyof Execution]) change[name] = value
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
): Context => applyWrites(context, [...steps.flatMap(({ writes }) => writes), ...unrecorded])

/** What did not change is shared between contexts, so this goes no deeper than what did. */
function isSame(one: Json, other: Json): boolean {
  if (one === other) return true
  if (!isObject(one) || !isObject(other)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every(name => {
      const [mine, theirs] = [one[name], other[name]]
      return mine !== undefined && theirs !== undefined && isSame(mine, theirs)
    })
  )
}
