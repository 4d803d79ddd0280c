import type { Execution } from '../engine/execution.ts'
import type { Limits } from '../engine/limits.ts'
import { nextLook } from './looks.ts'
import type { Tools } from './runtime.ts'

/** Studio keeps executions for 30 days from their start: https://www.twilio.com/docs/studio/user-guide */
const retentionMs = 30 * 24 * 60 * 60 * 1000
/** Even one that lived that long can still be looked at the day after. */
const readableForMs = 24 * 60 * 60 * 1000

export type Schedule = Pick<Tools, 'env' | 'lookout'>

/** The next moment at which somebody must look at the execution. */
export function dueAt({ env, lookout }: Schedule, execution: Execution): number {
  const { sid, createdAt, pause, teardown, end } = execution
  if (end) {
    if (teardown) return teardown.nextAt
    return end.reason === 'deleted'
      ? end.at
      : Math.max(createdAt + retentionMs, end.at + readableForMs)
  }
  if (pause?.type === 'effect') return execution.updatedAt
  const expiresAt = createdAt + env.limits.lifetimeMs
  return pause?.type === 'reply' ? Math.min(nextLook(sid, pause, lookout), expiresAt) : expiresAt
}

export const lifeIsOver = (execution: Execution, limits: Limits, now: number): boolean =>
  now >= execution.createdAt + limits.lifetimeMs
