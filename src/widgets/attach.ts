import { channelOf } from '../engine/channel.ts'
import { read } from '../engine/context.ts'
import type { Conversation, ConversationRef, Participant } from '../engine/effect.ts'
import { isObject, type JsonObject } from '../engine/json.ts'
import type { Outcome, Visit } from '../engine/widget.ts'
import { go } from './define.ts'

/**
 * A Conversation as templates see it at `widgets.NAME.conversation`. Attributes stay JSON text, as
 * Conversations keeps them. https://www.twilio.com/docs/studio/widget-library/resume-conversation
 */
const conversationOutput = (
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

type AttachVisit = Pick<Visit, 'name' | 'context' | 'execution' | 'warn'>

interface Attached {
  /** The widget's own name for success. */
  readonly event: string
  readonly ref: ConversationRef
  readonly conversation: Conversation
  readonly participants: readonly Participant[]
  readonly webhookSid: string
  readonly close: boolean
}

/** The Conversation is the execution's channel from now on; the address that the trigger set stays. */
export function attachedOutcome(
  visit: Pick<Visit, 'name' | 'context'>,
  attached: Attached
): Outcome {
  const { event, ref, conversation, participants, webhookSid, close } = attached
  const channel = read(visit.context, 'flow', 'channel')
  const output = {
    conversation: conversationOutput(conversation, participants),
    webhook_sid: webhookSid,
    close_channel_on_execution_end: close
  }
  const value = {
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
  return {
    ...go(visit, event, output, [{ path: ['flow', 'channel'], value }]),
    attachment: { ...ref, attached: true, close }
  }
}

/**
 * Why this execution cannot be given a Conversation, as its `failed` outcome; null where it can.
 * https://www.twilio.com/docs/studio/widget-library/resume-conversation
 */
export function refusalToAttach(visit: AttachVisit): Outcome | null {
  const { triggeredBy } = visit.execution
  const channel = channelOf(visit.context)
  if (triggeredBy !== 'incomingRequest') {
    // https://www.twilio.com/docs/api/errors/81020
    const message = `It works only in executions started by the REST API, this one came by ${triggeredBy}`
    return attachFailed(visit, 81020, message)
  }
  if (!channel) return null
  const message = `This execution talks in Conversation ${channel.conversationSid} already, and an execution has one Conversation`
  return attachFailed(visit, null, message)
}

/** Leaves by `failed`, with the reason on the step and no variables. */
export function attachFailed(visit: AttachVisit, code: number | null, message: string): Outcome {
  visit.warn(code, message)
  return go(visit, 'failed')
}
