import { channelOf, isHandedOff, isLost } from '../engine/channel.ts'
import { read } from '../engine/context.ts'
import type { ConversationRef } from '../engine/effect.ts'
import { tasksAtEnd } from '../engine/ending.ts'
import type { Attachment, Execution, TeardownTask } from '../engine/execution.ts'
import { CallFailed } from './errors.ts'
import type { Found } from './findings.ts'
import type { ExecutionWebhook } from './ports.ts'
import type { Tools } from './runtime.ts'

/** One thing that is otherwise than it should be, and what would put it right. */
export interface Deviation {
  readonly executionSid: string
  readonly conversation: ConversationRef
  readonly found: Found
  readonly reason: string | null
  readonly repair: Repair | null
}

type Repair =
  /** Register a webhook, and remove these. */
  | { readonly type: 'webhooks'; readonly add: boolean; readonly remove: readonly string[] }
  /** Of an ended execution: undo it as at its end. */
  | { readonly type: 'teardown'; readonly task: TeardownTask }
  /** Another execution, ended, has left its webhook here; it is looked at by itself. */
  | { readonly type: 'other' }

/** Compares what an execution wants with what is there; changes nothing. */
export async function inspect(tools: Tools, execution: Execution): Promise<Deviation[]> {
  return execution.end
    ? inspectEnded(tools, execution, execution.end.reason)
    : inspectActive(tools, execution)
}

async function inspectActive(tools: Tools, execution: Execution): Promise<Deviation[]> {
  // Nothing can be registered in a Conversation that is known to be closed or gone.
  if (isLost(execution.context)) return []
  const deviations = await Promise.all(
    attachedTo(execution).map(attachment =>
      readable(tools, execution, attachment, 'gone', async webhooks => {
        const own = webhooks.filter(({ executionSid }) => executionSid === execution.sid)
        const { found, ...repair } = planFor(own, wantsWebhook(execution, attachment))
        return found === null
          ? []
          : [deviation(execution.sid, attachment, found, { type: 'webhooks', ...repair })]
      })
    )
  )
  return deviations.flat()
}

/** What one execution's webhooks in one Conversation are to become. */
export function planFor(
  own: readonly ExecutionWebhook[],
  wanted: { readonly webhookSid: string | null } | null
): { found: Found | null; add: boolean; remove: readonly string[] } {
  const all = own.map(({ webhookSid }) => webhookSid)
  if (wanted === null) return { found: all.length > 0 ? 'leaked' : null, add: false, remove: all }
  const current = own.filter(webhook => webhook.current).map(({ webhookSid }) => webhookSid)
  const kept = current.find(sid => sid === wanted.webhookSid) ?? current[0]
  if (kept === undefined)
    return { found: all.length > 0 ? 'moved' : 'missing', add: true, remove: all }
  const remove = all.filter(sid => sid !== kept)
  return { found: remove.length > 0 ? 'doubled' : null, add: false, remove }
}

/** The last that attached each Conversation. */
const attachedTo = ({ attachments }: Execution): Attachment[] => [
  ...new Map(
    attachments
      .filter(({ attached }) => attached)
      .map(attachment => [attachment.conversationSid, attachment])
  ).values()
]

/** The webhook that the execution knows to be its own; null where it must have none. */
function wantsWebhook(
  { context }: Execution,
  { conversationSid }: Attachment
): { readonly webhookSid: string | null } | null {
  if (channelOf(context)?.conversationSid !== conversationSid || isHandedOff(context)) return null
  const webhookSid = read(context, 'flow', 'channel', 'details', 'webhook_sid')
  return { webhookSid: typeof webhookSid === 'string' ? webhookSid : null }
}

async function inspectEnded(
  tools: Tools,
  execution: Execution,
  reason: NonNullable<Execution['end']>['reason']
): Promise<Deviation[]> {
  const { sid, teardown } = execution
  if (teardown) {
    return teardown.tasks
      .slice(0, 1)
      .map(task => deviation(sid, task, 'unfinished', { type: 'teardown', task }))
  }
  const found: Deviation[] = []
  for (const task of tasksAtEnd(execution, reason)) {
    const left = await readable(tools, execution, task, null, async webhooks =>
      (await isUndone(tools, sid, task, webhooks))
        ? []
        : [deviation(sid, task, leftBy[task.type], { type: 'teardown', task })]
    )
    found.push(...left)
  }
  return found
}

const leftBy: Readonly<Record<TeardownTask['type'], Found>> = {
  'remove-webhook': 'leaked',
  'close-conversation': 'open',
  'delete-conversation': 'undeleted'
}

async function isUndone(
  { conversations }: Tools,
  sid: string,
  task: TeardownTask,
  webhooks: readonly ExecutionWebhook[]
): Promise<boolean> {
  switch (task.type) {
    case 'remove-webhook':
      return !webhooks.some(({ executionSid }) => executionSid === sid)
    case 'close-conversation':
      return (await conversations.fetch(task)).state === 'closed'
    // Its webhooks could be listed, so it is there.
    case 'delete-conversation':
      return false
    default:
      return task.type satisfies never
  }
}

/** Lists the webhooks of a Conversation for a look at them, and adds what is said about those of others. */
async function readable(
  tools: Tools,
  { sid }: Execution,
  conversation: ConversationRef,
  whenGone: Found | null,
  look: (webhooks: readonly ExecutionWebhook[]) => Promise<Deviation[]>
): Promise<Deviation[]> {
  try {
    const webhooks = await tools.conversations.listWebhooks(conversation)
    const others = webhooks.filter(({ executionSid }) => executionSid !== sid)
    return [...(await look(webhooks)), ...(await inspectOthers(tools, conversation, others))]
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    const { status, message } = error.failure
    const found = status === 404 ? whenGone : 'unreadable'
    return found === null ? [] : [{ ...deviation(sid, conversation, found, null), reason: message }]
  }
}

/**
 * A webhook of an execution that this store does not know is ours only where it leads here: another service
 * like this one may use the same account.
 */
async function inspectOthers(
  { executions }: Tools,
  conversation: ConversationRef,
  webhooks: readonly ExecutionWebhook[]
): Promise<Deviation[]> {
  const sids = [...new Set(webhooks.map(({ executionSid }) => executionSid))]
  const deviations = await Promise.all(
    sids.map(async sid => {
      const other = await executions.fetch(sid)
      if (other) {
        const left = other.status === 'ended' && !other.teardown
        return left ? [deviation(sid, conversation, 'leaked', { type: 'other' })] : []
      }
      const own = webhooks.filter(({ executionSid }) => executionSid === sid)
      const here = own.filter(({ current }) => current).map(({ webhookSid }) => webhookSid)
      return here.length > 0
        ? [deviation(sid, conversation, 'leaked', { type: 'webhooks', add: false, remove: here })]
        : [deviation(sid, conversation, 'foreign', null)]
    })
  )
  return deviations.flat()
}

const deviation = (
  executionSid: string,
  { conversationSid, serviceSid }: ConversationRef,
  found: Found,
  repair: Repair | null
): Deviation => ({
  executionSid,
  conversation: { conversationSid, serviceSid },
  found,
  reason: null,
  repair
})
