import type { InboxEvent } from '../engine/event.ts'
import type { Execution } from '../engine/execution.ts'
import { accept } from './accept.ts'
import { lifeIsOver } from './due.ts'
import { look } from './look.ts'
import type { Tools } from './runtime.ts'

/**
 * Puts into the inbox what nobody has to tell an execution: that its wait or its life is over, a reply that
 * Twilio kept, or that there can be none any more. Only then it is acted upon, so a turn that is repeated
 * finds it again, ahead of whatever came in since, and decides the same. Answers the execution as it is to
 * be saved.
 */
export async function acceptDue(tools: Tools, execution: Execution): Promise<Execution> {
  const { clock, env } = tools
  const now = clock.now()
  const { sid, pause, status } = execution
  if (status === 'ended') return execution
  if (lifeIsOver(execution, env.limits, now)) {
    await accept(tools, sid, { type: 'cancelled', id: `expiry:${sid}`, at: now, reason: 'expired' })
    return execution
  }
  return pause?.type === 'reply' ? look(tools, execution, pause, now) : execution
}

/** Webhooks may overtake each other; what they tell is taken in the order of the Conversation. */
export function inConversationOrder(inbox: readonly InboxEvent[]): readonly InboxEvent[] {
  if (inbox.length < 2) return inbox
  const messages = inbox.filter(event => event.type === 'message-received')
  const ordered = messages.sort((a, b) => a.index - b.index).values()
  return inbox.map(event =>
    event.type === 'message-received' ? (ordered.next().value ?? event) : event
  )
}
