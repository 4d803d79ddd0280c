import { channelOf } from '../engine/channel.ts'
import type { Execution, Problem, ReplyPause, Teardown } from '../engine/execution.ts'
import { doing } from '../engine/refusal.ts'

/** What the operator asks at night: what does it wait for, what went wrong, what is left behind. */
export interface Diagnosis {
  /** A sentence. */
  readonly doing: string
  readonly waiting: ReplyPause | null
  readonly conversationSid: string | null
  readonly teardown: Teardown | null
  readonly problems: readonly Problem[]
}

export function diagnose(execution: Execution): Diagnosis {
  const { pause, context, teardown, problems } = execution
  return {
    doing: `It ${doing(execution)}`,
    waiting: pause?.type === 'reply' ? pause : null,
    conversationSid: channelOf(context)?.conversationSid ?? null,
    teardown,
    problems
  }
}
