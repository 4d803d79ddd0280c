import { Type } from 'typebox'
import { channelOf } from '../engine/channel.ts'
import type { Answer, Conversation } from '../engine/effect.ts'
import type { Json } from '../engine/json.ts'
import { defineWidget, go } from './define.ts'

/**
 * Leaves by the event that started the execution, or by `incomingParent` inside a subflow. An event that
 * is not wired ends the execution at once. A message from a Conversation brings along what is known of
 * that. https://www.twilio.com/docs/studio/widget-library/trigger-start
 */
export const trigger = defineWidget({
  type: 'trigger',
  properties: Type.Object({}),
  transitions: [
    'incomingMessage',
    'incomingCall',
    'incomingConversationMessage',
    'incomingRequest',
    'incomingParent'
  ],

  run(visit) {
    const { depth, triggeredBy } = visit.execution
    const channel = channelOf(visit.context)
    if (depth > 1) return go(visit, 'incomingParent')
    return triggeredBy === 'incomingConversationMessage' && channel
      ? {
          type: 'request',
          effect: { type: 'fetch-conversation', ...channel },
          memory: null,
          // So that the execution is found by its Conversation.
          attachment: { ...channel, attached: true, close: false }
        }
      : go(visit, triggeredBy)
  },

  resume(visit, event) {
    const { answer } = event as { answer: Answer<'fetch-conversation'> }
    if (answer.ok)
      return { ...go(visit, visit.execution.triggeredBy), writes: conversationWrites(answer.value) }
    visit.warn(answer.failure.code, `The Conversation could not be read: ${answer.failure.message}`)
    return go(visit, visit.execution.triggeredBy)
  }
})

/** Production flows read `trigger.conversation.ChannelAttributes.KEY`, so these attributes come parsed. */
const conversationWrites = ({ attributes, friendlyName, serviceSid }: Conversation) => [
  { path: ['trigger', 'conversation', 'ChannelAttributes'], value: parsed(attributes) },
  { path: ['trigger', 'conversation', 'InstanceSid'], value: serviceSid ?? '' },
  { path: ['flow', 'channel', 'details', 'chat_service_sid'], value: serviceSid },
  { path: ['flow', 'channel', 'details', 'friendly_name'], value: friendlyName }
]

function parsed(attributes: string | null): Json {
  try {
    return JSON.parse(attributes ?? '{}') as Json
  } catch {
    return attributes
  }
}
