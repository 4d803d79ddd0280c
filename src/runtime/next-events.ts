import { channelOf } from '../engine/channel.ts'
import type { InboxEvent, MessageReceived, TimedOut } from '../engine/event.ts'
import type { Execution, ReplyPause } from '../engine/execution.ts'
import { lifeIsOver } from './due.ts'
import { CallFailed } from './errors.ts'
import type { Tools } from './runtime.ts'

/**
 * Puts into the inbox what nobody has to tell an execution: that its wait or its life is over, or a reply
 * that Twilio kept. Only then it is acted upon, so a turn that is repeated finds it again, ahead of whatever
 * came in since, and decides the same.
 */
export async function acceptDue(tools: Tools, execution: Execution): Promise<void> {
  const { clock, env } = tools
  const now = clock.now()
  const { sid, pause, status } = execution
  if (status === 'ended') return
  if (lifeIsOver(execution, env.limits, now)) {
    await accept(tools, sid, { type: 'cancelled', id: `expiry:${sid}`, at: now, reason: 'expired' })
  } else if (pause?.type === 'reply' && now >= pause.until) {
    let replies = 0
    for (const message of await missedMessages(tools, execution, pause, now)) {
      if (await accept(tools, sid, message)) replies += 1
    }
    const { token } = pause
    const timedOut: TimedOut = { type: 'timed-out', id: `timer:${token}`, at: now, token }
    if (replies === 0) await accept(tools, sid, timedOut)
  }
}

/** False where the event was taken before. */
async function accept(
  { executions, clock }: Tools,
  sid: string,
  event: InboxEvent
): Promise<boolean> {
  const { outcome } = await executions.deliver(sid, event, { now: clock.now(), claim: false })
  return outcome === 'queued'
}

/** Webhooks may overtake each other; what they tell is taken in the order of the Conversation. */
export function inConversationOrder(inbox: readonly InboxEvent[]): readonly InboxEvent[] {
  const messages = inbox.filter(event => event.type === 'message-received')
  const ordered = messages.sort((a, b) => a.index - b.index).values()
  return inbox.map(event =>
    event.type === 'message-received' ? (ordered.next().value ?? event) : event
  )
}

/** Replies to a wait whose webhook may never have come. A Conversation that is gone has none. */
export async function missedMessages(
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
