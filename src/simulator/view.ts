// A conversation as people want to see it: in one piece, with attributes as data.

import { moment } from './events.ts'
import type { Conversation, Interaction, Message, Participant, Webhook } from './model.ts'
import type {
  ConversationView,
  InteractionView,
  MessageView,
  ParticipantView,
  WebhookView
} from './world.schema.ts'

export const viewConversation = (conversation: Conversation): ConversationView => ({
  sid: conversation.sid,
  serviceSid: conversation.service.sid,
  friendlyName: conversation.friendlyName,
  uniqueName: conversation.uniqueName,
  attributes: JSON.parse(conversation.attributes),
  state: conversation.state,
  dateCreated: moment(conversation.dateCreated),
  participants: [...conversation.participants.values()].map(viewParticipant),
  messages: conversation.messages.map(viewMessage),
  webhooks: [...conversation.webhooks.values()].map(viewWebhook),
  interactions: conversation.interactions.map(viewInteraction)
})

export const viewMessage = (message: Message): MessageView => ({
  sid: message.sid,
  index: message.index,
  author: message.author,
  body: message.body,
  attributes: JSON.parse(message.attributes),
  media: [...message.media],
  participantSid: message.participantSid,
  dateCreated: moment(message.dateCreated)
})

export const viewParticipant = (participant: Participant): ParticipantView => ({
  sid: participant.sid,
  identity: participant.identity,
  address: participant.address,
  proxyAddress: participant.proxyAddress,
  attributes: JSON.parse(participant.attributes)
})

const viewWebhook = ({ sid, target, url, method, filters, flowSid }: Webhook): WebhookView => ({
  sid,
  target,
  url,
  method,
  filters: [...filters],
  flowSid
})

const viewInteraction = ({ task, ...interaction }: Interaction): InteractionView => ({
  sid: interaction.sid,
  channelType: interaction.channelType,
  workflowSid: task.workflowSid,
  taskSid: task.sid,
  taskChannel: task.channel,
  attributes: task.attributes,
  priority: task.priority,
  timeout: task.timeout,
  dateCreated: moment(interaction.dateCreated)
})
