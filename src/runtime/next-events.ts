import { channelOf } from '../engine/channel.ts'
import type { InboxEvent, MessageReceived, TimedOut } from '../engine/event.ts'
import type { Execution, ReplyPause } from '../engine/execution.ts'
import { lifeIsOver } from './due.ts'
import { CallFailed } from './errors.ts'
import type { Tools } from './runtime.ts'

/** What an execution has to take now: its inbox, or else what the clock says. */
export async function nextEvents(
  tools: Tools,
  execution: Execution,
  inbox: readonly InboxEvent[]
): Promise<readonly (InboxEvent | TimedOut)[]> {
  if (inbox.length > 0) return inConversationOrder(inbox)
  const now = tools.clock.now()
  const { sid, pause, status } = execution
  if (status === 'ended') return []
  if (lifeIsOver(execution, tools.env.limits, now)) {
    return [{ type: 'cancelled', id: `expiry:${sid}`, at: now, reason: 'expired' }]
  }
  if (pause?.type !== 'reply' || now < pause.until) return []
  const missed = await missedMessages(tools, execution, pause, now)
  return missed.length > 0
    ? missed
    : [{ type: 'timed-out', id: `timer:${pause.token}`, at: now, token: pause.token }]
}

/** Webhooks may overtake each other; what they tell is taken in the order of the Conversation. */
export function inConversationOrder(inbox: readonly InboxEvent[]): readonly InboxEvent[] {
  const messages = inbox.filter(event => event.type === 'message-received')
  const ordered = messages.sort((a, b) => a.index - b.index).values()
  return inbox.map(event =>
    event.type === 'message-received' ? (ordered.next().value ?? event) : event
  )
}

/** Before a wait times out: replies whose webhook never came. A Conversation that is gone has none. */
async function missedMessages(
  { conversations }: Tools,
  { context }: Execution,
  { afterIndex }: ReplyPause,
  at: number
): Promise<readonly MessageReceived[]> {
  const channel = channelOf(context)
  if (!channel) return []
  try {
    const messages = await conversations.messagesAfter(channel, afterIndex)
    return messages.map(({ sid, index, sentBy, payload }) => ({
      type: 'message-received',
      id: sid,
      at,
      conversationSid: channel.conversationSid,
      index,
      sentBy,
      payload
    }))
  } catch (error) {
    if (error instanceof CallFailed && error.failure.outcome === 'refused') return []
    throw error
  }
}
