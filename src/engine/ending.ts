import type { Attachment, End, Execution, Problem, TeardownTask } from './execution.ts'
import type { Limits } from './limits.ts'

/**
 * The execution, ended, with all that is left to undo. Whatever the reason, a webhook of ours is removed
 * first and the Conversation closed second: a closed Conversation may refuse to be touched.
 * An execution that another one replaces leaves its Conversation open, for that one to go on with.
 * https://www.twilio.com/docs/studio/widget-library/resume-conversation
 */
export function endExecution(execution: Execution, reason: End['reason'], at: number): Execution {
  const tasks = tasksAtEnd(execution, reason)
  return {
    ...execution,
    status: 'ended',
    updatedAt: at,
    pause: null,
    end: { reason, at },
    teardown: tasks.length > 0 ? { tasks, attempts: 0, nextAt: at, lastError: null } : null
  }
}

/** What an execution that ends for this reason leaves to undo, in order. */
export const tasksAtEnd = (
  { attachments }: Pick<Execution, 'attachments'>,
  reason: End['reason']
): TeardownTask[] =>
  oneByConversation(attachments).flatMap(attachment => teardownTasks(attachment, reason))

/** Several visits may have addressed the same Conversation; the last that attached it says what to undo. */
function oneByConversation(attachments: readonly Attachment[]): Attachment[] {
  const byConversation = new Map<string, Attachment>()
  for (const attachment of attachments) {
    const { attached, conversationSid } = attachment
    if (attached || !byConversation.get(conversationSid)?.attached)
      byConversation.set(conversationSid, attachment)
  }
  return [...byConversation.values()]
}

function teardownTasks(
  { conversationSid, serviceSid, attached, close, created }: Attachment,
  reason: End['reason']
): TeardownTask[] {
  const task = (type: TeardownTask['type']) => ({
    type,
    conversationSid,
    serviceSid,
    certain: attached
  })
  // One that we made and that never became a channel has nobody else to clean it up.
  if (created && !attached) return [task('delete-conversation')]
  const closing = attached && close && reason !== 'replaced'
  return closing ? [task('remove-webhook'), task('close-conversation')] : [task('remove-webhook')]
}

const longestMessage = 500

/** The execution with one more problem; the oldest go when there are too many. */
export const noteProblem = (execution: Execution, problem: Problem, limits: Limits): Execution => ({
  ...execution,
  problems: withProblem(execution.problems, problem, limits)
})

export const withProblem = (
  problems: readonly Problem[],
  problem: Problem,
  limits: Limits
): readonly Problem[] =>
  [...problems, { ...problem, message: problem.message.slice(0, longestMessage) }].slice(
    -limits.problems
  )
