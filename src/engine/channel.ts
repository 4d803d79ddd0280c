import { type Context, read, type Write } from './context.ts'
import type { ConversationRef, Failure } from './effect.ts'

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

/** `handed off` is Studio's own; `closed` and `deleted` are what somebody else did to the Conversation. */
type ChannelStatus = 'handed off' | 'closed' | 'deleted'

/** Marks the channel as one that the flow writes into no more. */
export const channelStatus = (status: ChannelStatus): Write => ({
  path: ['flow', 'channel', 'status'],
  value: status
})

export const isHandedOff = (context: Context): boolean => statusOf(context) === 'handed off'

/** True where the Conversation is known to be closed, or gone. */
export const isLost = (context: Context): boolean =>
  ['closed', 'deleted'].includes(String(statusOf(context)))

/** Why nothing can be said in the channel any more, as a sentence; null where it can. */
export function whyMute(context: Context): string | null {
  switch (statusOf(context)) {
    case 'handed off':
      return 'The Conversation was handed over to Flex; from then on the flow sends nothing'
    case 'closed':
      return 'The Conversation has been closed by somebody else, for good; from then on the flow sends nothing'
    case 'deleted':
      return 'The Conversation, or its service, has been deleted; from then on the flow sends nothing'
    default:
      return null
  }
}

const closedCode = 50377
/** A 404 without a code of Twilio's came from somebody in between. */
const goneCodes: readonly (number | null)[] = [20404, 50050, 50350]

/**
 * What a failed call tells about the Conversation it was made for: that it is closed, which it stays
 * (https://www.twilio.com/docs/api/errors/50377), that it or its service is not there any more, or nothing.
 */
export function lossIn({ code, status }: Failure): 'closed' | 'deleted' | null {
  if (code === closedCode) return 'closed'
  return status === 404 && goneCodes.includes(code) ? 'deleted' : null
}

const statusOf = (context: Context) => read(context, 'flow', 'channel', 'status')
