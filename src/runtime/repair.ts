import { lossIn } from '../engine/channel.ts'
import type { Execution, TeardownTask } from '../engine/execution.ts'
import { deliverMessage } from './deliver.ts'
import { CallFailed } from './errors.ts'
import type { Done, Finding, Found } from './findings.ts'
import type { Deviation } from './inspect.ts'
import { addWebhook } from './perform.ts'
import type { Claim } from './ports.ts'
import { repliesTo } from './read-back.ts'
import type { Runtime } from './runtime.ts'

const doneBy: Readonly<Record<Found, Done>> = {
  missing: 'registered',
  moved: 'replaced',
  doubled: 'removed',
  leaked: 'removed',
  open: 'closed',
  undeleted: 'deleted',
  unfinished: 'finished',
  foreign: 'left',
  gone: 'left',
  busy: 'skipped',
  unreadable: 'failed'
}

export const findingOf = (
  { executionSid, conversation, found, reason }: Deviation,
  done = doneBy[found]
): Finding => ({
  executionSid,
  conversationSid: conversation.conversationSid,
  found,
  done,
  reason
})

/** Puts the webhooks of one Conversation right. The execution is claimed, so no turn of it comes in between. */
export async function repairWebhooks(
  runtime: Runtime,
  execution: Execution,
  deviation: Deviation
): Promise<Finding> {
  const { repair } = deviation
  if (repair?.type !== 'webhooks') return findingOf(deviation)
  try {
    const { add, remove } = repair
    // The new one first: in between, Twilio would call nobody.
    const full = add && !(await registered(runtime, deviation))
    await removeAll(runtime, deviation, remove)
    if (full) await addWebhook(runtime, deviation.conversation, execution.sid, true)
    if (add) await deliverMissed(runtime, execution)
    return findingOf(deviation)
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    const { message: reason } = error.failure
    return lossIn(error.failure)
      ? findingOf({ ...deviation, found: 'gone', reason })
      : findingOf({ ...deviation, reason }, 'failed')
  }
}

/** False where the Conversation has as many as it can have: https://www.twilio.com/docs/api/errors/50361 */
async function registered(
  runtime: Runtime,
  { conversation, executionSid, found }: Deviation
): Promise<boolean> {
  try {
    await addWebhook(runtime, conversation, executionSid, false)
    return true
  } catch (error) {
    const isFull = error instanceof CallFailed && error.failure.code === 50361
    if (isFull && found === 'moved') return false
    throw error
  }
}

async function removeAll(
  { conversations }: Runtime,
  { conversation }: Deviation,
  webhookSids: readonly string[]
): Promise<void> {
  for (const webhookSid of webhookSids) await conversations.removeWebhook(conversation, webhookSid)
}

/** What was said while nobody was called is taken in after the webhook is there, so nothing falls between the two. */
async function deliverMissed(runtime: Runtime, execution: Execution): Promise<void> {
  const { pause, sid } = execution
  if (pause?.type !== 'reply') return
  for (const message of await repliesTo(runtime, execution, pause)) {
    await deliverMessage(runtime, sid, message)
  }
}

/** The claim of an ended execution with its teardown put back, to be run, and retried, like any other. */
export function withTeardown(claim: Claim, deviations: readonly Deviation[], now: number): Claim {
  const { execution } = claim
  const tasks = tasksOf(deviations)
  if (tasks.length === 0 || execution.teardown) return claim
  const teardown = { tasks, attempts: 0, nextAt: now, lastError: null }
  return { ...claim, execution: { ...execution, teardown } }
}

const tasksOf = (deviations: readonly Deviation[]): TeardownTask[] =>
  deviations.flatMap(({ repair }) => (repair?.type === 'teardown' ? [repair.task] : []))

/** What came of it, by what is left to undo now. */
export function teardownFinding(deviation: Deviation, after: Execution | null): Finding {
  const { repair } = deviation
  const left = after?.teardown?.tasks.some(
    ({ type, conversationSid }) =>
      repair?.type === 'teardown' &&
      type === repair.task.type &&
      conversationSid === repair.task.conversationSid
  )
  return left
    ? findingOf({ ...deviation, reason: after?.teardown?.lastError ?? null }, 'failed')
    : findingOf(deviation)
}
