// What webhooks are told: https://www.twilio.com/docs/conversations-classic/conversations-webhooks

import type { Account } from './account.ts'
import type { Actor, Conversation, Delivery, Message, Participant, Webhook } from './model.ts'

/**
 * Post-action events, which are the only ones a conversation's own webhook can listen to. Nothing
 * is handed to a carrier here, so the last of them never happens.
 */
export const eventNames = [
  'onMessageAdded',
  'onMessageUpdated',
  'onMessageRemoved',
  'onConversationUpdated',
  'onConversationStateUpdated',
  'onConversationRemoved',
  'onParticipantAdded',
  'onParticipantUpdated',
  'onParticipantRemoved',
  'onDeliveryUpdated'
] as const

export type EventName = (typeof eventNames)[number]

type Params = Readonly<Record<string, string | null>>

/** A caller of the REST API stays unheard unless it asks for webhooks, so that bots do not loop. */
export const byApi = (announced: boolean): Actor => ({
  source: 'API',
  clientIdentity: null,
  announced
})

/**
 * For changes that nobody made, like a timer running out; there is nobody who could have asked to
 * stay unheard.
 */
export const byItself: Actor = byApi(true)

/** Tells every webhook of the conversation that asked for this event. */
export function announce(
  account: Account,
  conversation: Conversation,
  event: EventName,
  actor: Actor,
  details: () => Params
) {
  if (!actor.announced) return
  for (const webhook of conversation.webhooks.values()) {
    const delivery = deliveryOf(account, conversation, webhook, event, actor, details)
    if (delivery) account.deliver(delivery)
  }
}

/** Tells one webhook about a message that is already there. */
export function replay(
  account: Account,
  conversation: Conversation,
  webhook: Webhook,
  message: Message
) {
  const details = () => messageParams(message)
  const event = 'onMessageAdded'
  const delivery = deliveryOf(account, conversation, webhook, event, message.actor, details)
  if (delivery) account.deliver(delivery)
}

function deliveryOf(
  account: Account,
  conversation: Conversation,
  webhook: Webhook,
  event: EventName,
  actor: Actor,
  details: () => Params
): Delivery | undefined {
  if (webhook.target !== 'webhook' || webhook.url === null) return undefined
  if (!webhook.filters.includes(event)) return undefined
  const params = {
    EventType: event,
    AccountSid: account.sid,
    // A change of state says why it happened instead of where it came from.
    Source: event === 'onConversationStateUpdated' ? null : actor.source,
    ClientIdentity: actor.clientIdentity,
    ConversationSid: conversation.sid,
    ChatServiceSid: conversation.service.sid,
    MessagingServiceSid: conversation.messagingServiceSid,
    ...details(),
    RetryCount: '0'
  }
  return {
    event,
    conversationSid: conversation.sid,
    webhookSid: webhook.sid,
    url: webhook.url,
    method: webhook.method,
    params: withoutNulls(params)
  }
}

export const messageParams = (message: Message): Params => ({
  MessageSid: message.sid,
  Index: String(message.index),
  DateCreated: moment(message.dateCreated),
  Body: message.body,
  Author: message.author,
  ParticipantSid: message.participantSid,
  Attributes: message.attributes,
  Media: message.media.length === 0 ? null : JSON.stringify(message.media.map(mediaParams))
})

// Named as in Event Streams; the webhook's own names are nowhere documented.
const mediaParams = ({ sid, filename, contentType, size }: Message['media'][number]) => ({
  MediaSid: sid,
  Filename: filename,
  ContentType: contentType,
  Size: size
})

export const participantParams = (participant: Participant): Params => ({
  ParticipantSid: participant.sid,
  DateCreated: moment(participant.dateCreated),
  Identity: participant.identity,
  RoleSid: participant.roleSid,
  Attributes: participant.attributes,
  'MessagingBinding.Address': participant.address,
  'MessagingBinding.ProxyAddress': participant.proxyAddress
})

export const conversationParams = (conversation: Conversation): Params => ({
  DateCreated: moment(conversation.dateCreated),
  FriendlyName: conversation.friendlyName,
  UniqueName: conversation.uniqueName,
  Attributes: conversation.attributes,
  State: conversation.state
})

/** Webhooks carry milliseconds, unlike answers of the API. */
export const moment = (time: number) => new Date(time).toISOString()

function withoutNulls(params: Params): Record<string, string> {
  const present: Record<string, string> = {}
  for (const [name, value] of Object.entries(params)) if (value !== null) present[name] = value
  return present
}
