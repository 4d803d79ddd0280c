import type { Write } from './context.ts'
import type { Triggered } from './event.ts'
import type { Execution } from './execution.ts'
import type { Json, JsonObject } from './json.ts'

/**
 * The context at the start. One subtree of `trigger` is filled, once, by what started the execution.
 * https://www.twilio.com/docs/studio/widget-library/trigger-start
 */
export function triggerWrites(execution: Execution, { parameters }: Triggered): Write[] {
  const { sid, flowSid, to } = execution
  const { trigger, channel, data } = started(execution, parameters)
  return [
    { path: ['trigger'], value: trigger },
    { path: ['contact'], value: { channel: { address: to } } },
    { path: ['flow'], value: { sid, flow_sid: flowSid, channel, data, variables: {} } },
    { path: ['widgets'], value: {} }
  ]
}

interface Started {
  readonly trigger: Json
  /** `flow.channel`. */
  readonly channel: Json
  /** `flow.data`. */
  readonly data: Json
}

function started({ triggeredBy, to, from }: Execution, parameters: JsonObject): Started {
  switch (triggeredBy) {
    case 'incomingRequest':
      // https://www.twilio.com/docs/studio/rest-api/v2/execution
      return {
        trigger: { request: { to, from, parameters } },
        channel: { address: from },
        data: parameters
      }
    case 'incomingMessage':
      return { trigger: { message: parameters }, channel: { address: from }, data: {} }
    case 'incomingConversationMessage':
      return {
        trigger: { conversation: conversationTrigger(parameters) },
        channel: inbound(from, parameters),
        data: {}
      }
    default:
      return triggeredBy satisfies never
  }
}

/** Flows read the Conversation under the names that Programmable Chat had, too. */
const conversationTrigger = (parameters: JsonObject): JsonObject => ({
  ...parameters,
  From: parameters.Author ?? '',
  ChannelSid: parameters.ConversationSid ?? '',
  InstanceSid: parameters.ChatServiceSid ?? ''
})

/** The Conversation that the message came in is the channel from the start. */
const inbound = (
  address: string,
  { ConversationSid = '', ChatServiceSid = null }: JsonObject
): JsonObject => ({
  address,
  sid: ConversationSid,
  type: 'conversation',
  status: 'active',
  details: { chat_service_sid: ChatServiceSid }
})
