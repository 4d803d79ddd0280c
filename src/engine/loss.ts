import { channelOf } from './channel.ts'
import type { ConversationLost } from './event.ts'
import { addWrites, frameOf, type Journey } from './journey.ts'
import type { Fail } from './widget.ts'

/**
 * Ends an execution whose Conversation somebody else has closed or deleted while it waited there. Nothing is
 * written into such a Conversation any more; what is left of a webhook of ours is still removed.
 * https://www.twilio.com/docs/conversations-classic/states-timers
 */
export function loseConversation(journey: Journey, { loss, code }: ConversationLost): Fail {
  const { execution } = journey
  const conversationSid = channelOf(execution.context)?.conversationSid
  const attachments = execution.attachments.map(attachment =>
    attachment.conversationSid === conversationSid ? { ...attachment, close: false } : attachment
  )
  journey.execution = { ...execution, attachments }
  addWrites(journey, [{ path: ['flow', 'channel', 'status'], value: loss }])
  const { widget } = frameOf(journey)
  const what =
    loss === 'closed'
      ? `Conversation ${conversationSid} was closed, which is for good`
      : `Conversation ${conversationSid}, or its service, was deleted`
  return {
    type: 'fail',
    code,
    message: `${what}, while ${widget} waited for a reply there; start a new execution in an open Conversation`,
    final: true
  }
}
