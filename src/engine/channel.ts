import { type Context, read } from './context.ts'
import type { ConversationRef } from './effect.ts'

/**
 * The Conversation that the execution talks in, as `flow.channel` names it; null before one is attached.
 * https://www.twilio.com/docs/studio/widget-library/resume-conversation
 */
export function channelOf(context: Context): ConversationRef | null {
  const conversationSid = read(context, 'flow', 'channel', 'sid')
  const serviceSid = read(context, 'flow', 'channel', 'details', 'chat_service_sid')
  return typeof conversationSid === 'string' && conversationSid !== ''
    ? { conversationSid, serviceSid: typeof serviceSid === 'string' ? serviceSid : null }
    : null
}
