import type { Execution } from '../engine/execution.ts'
import type { Limits } from '../engine/limits.ts'

/** Studio keeps executions for 30 days from their start: https://www.twilio.com/docs/studio/user-guide */
const retentionMs = 30 * 24 * 60 * 60 * 1000
/** Even one that lived that long can still be looked at the day after. */
const readableForMs = 24 * 60 * 60 * 1000

/** The next moment at which somebody must look at the execution. */
export function dueAt(execution: Execution, limits: Limits): number {
  const { createdAt, pause, teardown, end } = execution
  if (end) {
    if (teardown) return teardown.nextAt
    return end.reason === 'deleted'
      ? end.at
      : Math.max(createdAt + retentionMs, end.at + readableForMs)
  }
  if (pause?.type === 'effect') return execution.updatedAt
  return pause?.type === 'reply' ? pause.until : createdAt + limits.lifetimeMs
}

export const lifeIsOver = (execution: Execution, limits: Limits, now: number): boolean =>
  now >= execution.createdAt + limits.lifetimeMs
