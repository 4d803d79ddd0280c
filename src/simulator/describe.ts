// How the API shows each record: every field always present, null when empty.
// https://www.twilio.com/docs/conversations-classic/api

import type { Conversation, Message, Participant, Service, Timers, Webhook } from './model.ts'
import { channelOf } from './participants.ts'

/** Where a request pointed. Answers name their service in one URL family and not in the other. */
export type Place = {
  readonly accountSid: string
  readonly service: Service
  readonly scoped: boolean
  /** Origin and path that the URLs in the answer start with. */
  readonly base: string
}

export function describeService(
  { accountSid }: Pick<Place, 'accountSid'>,
  base: string,
  service: Service
) {
  const url = `${base}/Services/${service.sid}`
  return {
    account_sid: accountSid,
    sid: service.sid,
    friendly_name: service.friendlyName,
    date_created: date(service.dateCreated),
    date_updated: date(service.dateCreated),
    url,
    links: { conversations: `${url}/Conversations` }
  }
}

export function describeConversation(place: Place, conversation: Conversation) {
  const url = `${place.base}/Conversations/${conversation.sid}`
  return {
    account_sid: place.accountSid,
    chat_service_sid: conversation.service.sid,
    messaging_service_sid: conversation.messagingServiceSid,
    sid: conversation.sid,
    friendly_name: conversation.friendlyName,
    unique_name: conversation.uniqueName,
    attributes: conversation.attributes,
    state: conversation.state,
    date_created: date(conversation.dateCreated),
    date_updated: date(conversation.dateUpdated),
    timers: describeTimers(conversation.timers),
    bindings: {},
    url,
    links: {
      participants: `${url}/Participants`,
      messages: `${url}/Messages`,
      webhooks: `${url}/Webhooks`
    }
  }
}

export function describeParticipant(
  place: Place,
  conversation: Conversation,
  participant: Participant
) {
  return {
    ...owner(place, conversation),
    sid: participant.sid,
    identity: participant.identity,
    attributes: participant.attributes,
    messaging_binding: describeBinding(participant),
    role_sid: participant.roleSid,
    date_created: date(participant.dateCreated),
    date_updated: date(participant.dateUpdated),
    url: `${place.base}/Conversations/${conversation.sid}/Participants/${participant.sid}`,
    last_read_message_index: participant.lastReadMessageIndex,
    last_read_timestamp: participant.lastReadTimestamp
  }
}

export function describeMessage(place: Place, conversation: Conversation, message: Message) {
  const url = `${place.base}/Conversations/${conversation.sid}/Messages/${message.sid}`
  return {
    ...owner(place, conversation),
    sid: message.sid,
    index: message.index,
    author: message.author,
    body: message.body,
    media: message.media.length === 0 ? null : message.media.map(describeMedia),
    attributes: message.attributes,
    participant_sid: message.participantSid,
    date_created: date(message.dateCreated),
    date_updated: date(message.dateUpdated),
    delivery: null,
    url,
    links: { delivery_receipts: `${url}/Receipts` },
    content_sid: message.contentSid
  }
}

export function describeWebhook(place: Place, conversation: Conversation, webhook: Webhook) {
  return {
    ...owner(place, conversation),
    sid: webhook.sid,
    target: webhook.target,
    url: `${place.base}/Conversations/${conversation.sid}/Webhooks/${webhook.sid}`,
    configuration: describeConfiguration(webhook),
    date_created: date(webhook.dateCreated),
    date_updated: date(webhook.dateUpdated)
  }
}

const owner = (place: Place, conversation: Conversation) => ({
  account_sid: place.accountSid,
  ...(place.scoped ? { chat_service_sid: place.service.sid } : {}),
  conversation_sid: conversation.sid
})

const describeTimers = ({ inactiveAt, closedAt }: Timers) => ({
  ...(inactiveAt === null ? {} : { date_inactive: date(inactiveAt) }),
  ...(closedAt === null ? {} : { date_closed: date(closedAt) })
})

/** Group MMS leaves out the proxy address of phones and the address of chat users. */
function describeBinding(participant: Participant) {
  const { address, proxyAddress, projectedAddress } = participant
  const type = channelOf(participant)
  if (type === null) return null
  return {
    type,
    ...(address === null ? {} : { address }),
    ...(proxyAddress === null ? {} : { proxy_address: proxyAddress }),
    ...(projectedAddress === null ? {} : { projected_address: projectedAddress })
  }
}

const describeMedia = ({ sid, size, contentType, filename }: Message['media'][number]) => ({
  sid,
  size,
  content_type: contentType,
  filename
})

/** The keywords of a trigger are shown under `filters`, as in Twilio's own example. */
function describeConfiguration({ target, url, method, filters, flowSid }: Webhook) {
  return target === 'studio' ? { flow_sid: flowSid } : { url, method, filters }
}

/** Answers carry whole seconds, unlike webhooks. */
export const date = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`
