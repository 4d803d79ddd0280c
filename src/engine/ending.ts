import type { Attachment, End, Execution, Problem, TeardownTask } from './execution.ts'
import type { Limits } from './limits.ts'

/**
 * The execution, ended, with all that is left to undo. Whatever the reason, a webhook of ours is removed
 * first and the Conversation closed second: a closed Conversation may refuse to be touched.
 * https://www.twilio.com/docs/studio/widget-library/resume-conversation
 */
export function endExecution(execution: Execution, reason: End['reason'], at: number): Execution {
  const tasks = execution.attachments.flatMap(teardownTasks)
  return {
    ...execution,
    status: 'ended',
    updatedAt: at,
    pause: null,
    end: { reason, at },
    teardown: tasks.length > 0 ? { tasks, attempts: 0, nextAt: at, lastError: null } : null
  }
}

function teardownTasks({
  conversationSid,
  serviceSid,
  attached,
  close
}: Attachment): TeardownTask[] {
  const task = (type: TeardownTask['type']) => ({
    type,
    conversationSid,
    serviceSid,
    certain: attached
  })
  return attached && close
    ? [task('remove-webhook'), task('close-conversation')]
    : [task('remove-webhook')]
}

/** The execution with one more problem; the oldest go when there are too many. */
export const noteProblem = (execution: Execution, problem: Problem, limits: Limits): Execution => ({
  ...execution,
  problems: [...execution.problems, problem].slice(-limits.problems)
})
