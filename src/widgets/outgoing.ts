import { type Static, Type } from 'typebox'
import { channelOf, channelStatus, lossIn, whyMute } from '../engine/channel.ts'
import type { Write } from '../engine/context.ts'
import type { Answer, OutgoingMessage, SentMessage } from '../engine/effect.ts'
import { isObject, type JsonObject } from '../engine/json.ts'
import type { Visit } from '../engine/widget.ts'
import { Template } from './define.ts'
import { formFields, Parameter } from './parameters.ts'

/** What Send Message and Send & Wait For Reply have in common: https://www.twilio.com/docs/studio/widget-library/send-message */
export const messageProperties = {
  from: Type.Optional(Template),
  to: Type.Optional(Template),
  body: Type.Optional(Template),
  service: Type.Optional(Template),
  channel: Type.Optional(Template),
  attributes: Type.Optional(Template),
  media_url: Type.Optional(Template),
  message_type: Type.Optional(Type.String()),
  content_sid: Type.Optional(Template),
  content_variables: Type.Optional(Type.Array(Parameter))
}
const Properties = Type.Object(messageProperties)
type MessageVisit = Visit<Static<typeof Properties>>

/** The message to send to the execution's Conversation, or why there is none. */
export function outgoingMessage(visit: MessageVisit): OutgoingMessage | { readonly fault: string } {
  const { properties } = visit
  const render = (template: string | undefined) => visit.render(template ?? '')
  const channel = channelOf(visit.context)
  if (!channel) {
    return {
      fault:
        'The execution has no Conversation; run Resume Conversation or Start Conversation before this widget'
    }
  }
  const fault = whyMute(visit.context)
  if (fault !== null) return { fault }
  const contentSid =
    properties.message_type === 'content_template' ? render(properties.content_sid).trim() : ''
  const body = render(properties.body)
  if (body.trim() === '' && contentSid === '') {
    return { fault: 'There is nothing to send: the body is empty after rendering' }
  }
  const attributes = render(properties.attributes).trim()
  if (attributes !== '' && !isJsonObject(attributes)) {
    return { fault: `The attributes are not a JSON object: ${attributes.slice(0, 200)}` }
  }
  if (render(properties.media_url).trim() !== '') {
    visit.warn(null, 'Media cannot be sent to a Conversation from a flow; only the text was sent')
  }
  return {
    conversationSid: channel.conversationSid,
    serviceSid: channel.serviceSid,
    author: render(properties.from ?? '{{flow.channel.address}}').trim() || null,
    body: contentSid === '' ? body : null,
    attributes: attributes || null,
    contentSid: contentSid || null,
    contentVariables: contentSid === '' ? null : contentVariables(visit)
  }
}

function isJsonObject(text: string): boolean {
  try {
    return isObject(JSON.parse(text))
  } catch {
    return false
  }
}

/** Exports write the keys both as `1` and as `{{1}}`. */
function contentVariables(visit: MessageVisit): string | null {
  const entries = formFields(visit, visit.properties.content_variables).map(([key, value]) => [
    key.replace(/^\{\{\s*|\s*\}\}$/g, ''),
    value
  ])
  return entries.length > 0 ? JSON.stringify(Object.fromEntries(entries)) : null
}

/** What templates find at `widgets.NAME.outbound`, whether Twilio took the message or refused it. */
export function outboundOutput(
  message: OutgoingMessage,
  answer: Answer<'send-message'>
): JsonObject {
  return answer.ok
    ? sentOutput(answer.value)
    : {
        ConversationSid: message.conversationSid,
        Author: message.author,
        Body: message.body,
        ErrorCode: answer.failure.code,
        ErrorMessage: answer.failure.message
      }
}

/** A refusal that would come again whatever is sent marks the channel: nothing is sent there any more. */
export function channelWrites(answer: Answer<'send-message'>): Write[] {
  const loss = answer.ok ? null : lossIn(answer.failure)
  return loss === null ? [] : [channelStatus(loss)]
}

const sentOutput = (message: SentMessage): JsonObject => ({
  Sid: message.sid,
  ConversationSid: message.conversationSid,
  Body: message.body,
  Author: message.author,
  Index: message.index,
  Attributes: message.attributes,
  ParticipantSid: message.participantSid,
  DateCreated: message.dateCreated
})
