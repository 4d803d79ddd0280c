import { channelOf } from '../engine/channel.ts'
import type { Execution, Problem, ReplyPause, Teardown } from '../engine/execution.ts'
import { doing } from '../engine/refusal.ts'
import { dueAt, type Schedule } from './due.ts'

/** What the operator asks at night: what does it wait for, what went wrong, what is left behind. */
export interface Diagnosis {
  /** A sentence. */
  readonly doing: string
  readonly waiting: ReplyPause | null
  /** When the Conversation was last read back, and when it is read back next; null where it does not wait. */
  readonly lastLookAt: number | null
  readonly nextLookAt: number | null
  readonly conversationSid: string | null
  readonly teardown: Teardown | null
  readonly problems: readonly Problem[]
}

export function diagnose(schedule: Schedule, execution: Execution): Diagnosis {
  const { pause, context, teardown, problems } = execution
  const waiting = pause?.type === 'reply' ? pause : null
  return {
    doing: `It ${doing(execution)}`,
    waiting,
    lastLookAt: waiting?.look?.at ?? null,
    nextLookAt: waiting && dueAt(schedule, execution),
    conversationSid: channelOf(context)?.conversationSid ?? null,
    teardown,
    problems
  }
}
