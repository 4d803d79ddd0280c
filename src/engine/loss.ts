import { channelOf, channelStatus } from './channel.ts'
import type { ConversationLost } from './event.ts'
import { addWrites, frameOf, type Journey } from './journey.ts'
import type { Fail } from './widget.ts'

/**
 * Ends an execution whose Conversation somebody else has closed or deleted while it waited there.
 * https://www.twilio.com/docs/conversations-classic/states-timers
 */
export function loseConversation(journey: Journey, event: ConversationLost): Fail {
  markLost(journey, event)
  const conversationSid = channelOf(journey.execution.context)?.conversationSid
  const { widget } = frameOf(journey)
  const what =
    event.loss === 'closed'
      ? `Conversation ${conversationSid} was closed, which is for good`
      : `Conversation ${conversationSid}, or its service, was deleted`
  return {
    type: 'fail',
    code: event.code,
    message: `${what}, while ${widget} waited for a reply there; start a new execution in an open Conversation`,
    final: true
  }
}

/** Nothing is written into a lost Conversation any more; what is left of a webhook of ours is still removed. */
export function markLost(journey: Journey, { loss }: ConversationLost): void {
  const { execution } = journey
  const conversationSid = channelOf(execution.context)?.conversationSid
  execution.attachments = execution.attachments.map(attachment =>
    attachment.conversationSid === conversationSid ? { ...attachment, close: false } : attachment
  )
  addWrites(journey, [channelStatus(loss)])
}
