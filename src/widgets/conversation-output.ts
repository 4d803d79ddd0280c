import { type Context, read, type Write } from '../engine/context.ts'
import type { Conversation, Participant } from '../engine/effect.ts'
import { isObject, type JsonObject } from '../engine/json.ts'

/**
 * A Conversation as templates see it at `widgets.NAME.conversation`. Attributes stay JSON text, as
 * Conversations keeps them. https://www.twilio.com/docs/studio/widget-library/resume-conversation
 */
export const conversationOutput = (
  conversation: Conversation,
  participants: readonly Participant[]
): JsonObject => ({
  sid: conversation.sid,
  state: conversation.state,
  friendly_name: conversation.friendlyName,
  unique_name: conversation.uniqueName,
  attributes: conversation.attributes,
  chat_service_sid: conversation.serviceSid,
  messaging_service_sid: conversation.messagingServiceSid,
  date_created: conversation.dateCreated,
  date_updated: conversation.dateUpdated,
  participants: participants.map(participantOutput)
})

const participantOutput = (participant: Participant): JsonObject => ({
  sid: participant.sid,
  identity: participant.identity,
  attributes: participant.attributes,
  role_sid: participant.roleSid,
  messaging_binding:
    participant.address === null && participant.proxyAddress === null
      ? null
      : { address: participant.address, proxy_address: participant.proxyAddress }
})

/** Makes the Conversation the execution's channel; the address that the trigger set stays. */
export function channelWrite(
  context: Context,
  conversation: Conversation,
  participants: readonly Participant[],
  webhookSid: string
): Write {
  const channel = read(context, 'flow', 'channel')
  return {
    path: ['flow', 'channel'],
    value: {
      ...(isObject(channel) && channel),
      sid: conversation.sid,
      type: 'conversation',
      status: 'active',
      details: {
        chat_service_sid: conversation.serviceSid,
        friendly_name: conversation.friendlyName,
        participants: participants.map(participantOutput),
        webhook_sid: webhookSid
      }
    }
  }
}
