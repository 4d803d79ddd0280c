import type { Execution, Teardown, TeardownTask } from '../engine/execution.ts'
import { dueAt } from './due.ts'
import { CallFailed, Stopping } from './errors.ts'
import type { Lease } from './lease.ts'
import { removeWebhooks } from './perform.ts'
import type { Claim } from './ports.ts'
import type { Tools } from './runtime.ts'

const firstPauseMs = 1000
const longestPauseMs = 60 * 60 * 1000

/**
 * Undoes, in order, what an ended execution left in the world. A task that fails is tried again later, and
 * so are those behind it: the webhook goes before the Conversation is closed. What is done is never undone
 * twice, and doing a task again after a crash does no harm. When nothing is left, an execution that was
 * deleted, or that has been kept long enough, is forgotten.
 */
export async function runTeardown(tools: Tools, claim: Claim, lease: Lease): Promise<void> {
  const { execution } = claim
  const { executions, clock } = tools
  const teardown =
    execution.teardown && (await tryTasks(tools, execution, execution.teardown, lease))
  const after: Execution = { ...execution, teardown }
  const now = clock.now()
  const next = dueAt(tools, after)
  if (!teardown && next <= now) return executions.remove(claim)
  await executions.commit(claim, {
    execution: after,
    steps: [],
    consumed: [],
    dueAt: next,
    hold: false,
    now
  })
}

async function tryTasks(
  tools: Tools,
  execution: Execution,
  teardown: Teardown,
  lease: Lease
): Promise<Teardown | null> {
  const { clock, logger } = tools
  let { tasks } = teardown
  for (const task of tasks) {
    await lease.ours()
    try {
      await undo(tools, execution.sid, task)
      tasks = tasks.slice(1)
    } catch (error) {
      if (error instanceof Stopping) throw error
      if (!task.certain && isFinal(error)) {
        tasks = tasks.slice(1)
        continue
      }
      const attempts = teardown.attempts + 1
      const pause = Math.min(firstPauseMs * 2 ** (attempts - 1), longestPauseMs)
      const facts = {
        executionSid: execution.sid,
        task: task.type,
        conversationSid: task.conversationSid,
        attempts,
        error
      }
      logger.warn(facts, `Teardown failed; tried again in ${pause / 1000} s`)
      return { tasks, attempts, nextAt: clock.now() + pause, lastError: (error as Error).message }
    }
  }
  return null
}

async function undo(tools: Tools, executionSid: string, task: TeardownTask): Promise<void> {
  switch (task.type) {
    case 'remove-webhook':
      await removeWebhooks(tools, task, executionSid)
      return
    case 'close-conversation':
      await tools.conversations.close(task)
      return
    case 'delete-conversation':
      await tools.conversations.delete(task)
      return
    default:
      return task.type satisfies never
  }
}

const isFinal = (error: unknown): boolean =>
  error instanceof CallFailed && error.failure.outcome === 'refused'
