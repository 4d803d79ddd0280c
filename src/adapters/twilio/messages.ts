import type {
  MessageInstance,
  MessagePage
} from 'twilio/lib/rest/conversations/v1/conversation/message.js'
import type { OutgoingMessage, SentMessage } from '../../engine/effect.ts'
import { CallFailed } from '../../runtime/errors.ts'
import type { ReceivedMessage } from '../../runtime/ports.ts'
import { markerIn, withMarker, withoutMarker } from './marker.ts'

/** https://www.twilio.com/docs/conversations-classic/conversations-limits */
const attributesBytes = 4096

/** What the SDK is given to send a message. Throws `CallFailed` where the marker finds no room. */
export const messageOptions = (message: OutgoingMessage, effectId: string) => ({
  ...(message.author !== null && { author: message.author }),
  ...(message.body !== null && { body: message.body }),
  ...(message.contentSid !== null && { contentSid: message.contentSid }),
  ...(message.contentVariables !== null && { contentVariables: message.contentVariables }),
  attributes: marked(message.attributes, effectId)
})

/** A message without its marker could be sent twice, or be taken for a reply. */
function marked(own: string | null, effectId: string): string {
  const attributes = withMarker(own, effectId)
  const bytes = Buffer.byteLength(attributes)
  if (bytes <= attributesBytes) return attributes
  const added = bytes - Buffer.byteLength(own ?? '')
  const message = `The attributes have ${bytes} bytes, of which ${added} are added to tell the message from others; ${attributesBytes} are allowed`
  throw new CallFailed({ code: null, status: null, message, outcome: 'refused' })
}

export const sentMessage = (message: MessageInstance): SentMessage => ({
  sid: message.sid,
  conversationSid: message.conversationSid,
  index: message.index,
  author: message.author,
  body: message.body,
  attributes: withoutMarker(message.attributes),
  participantSid: message.participantSid,
  dateCreated: isoDate(message.dateCreated)
})

/** As `onMessageAdded` tells it: https://www.twilio.com/docs/conversations-classic/conversations-webhooks */
export const receivedMessage = (message: MessageInstance): ReceivedMessage => ({
  sid: message.sid,
  index: message.index,
  sentBy: markerIn(message.attributes),
  payload: {
    EventType: 'onMessageAdded',
    AccountSid: message.accountSid,
    ConversationSid: message.conversationSid,
    MessageSid: message.sid,
    Index: String(message.index),
    DateCreated: isoDate(message.dateCreated) ?? '',
    Body: message.body ?? '',
    Author: message.author ?? '',
    ...(message.participantSid && { ParticipantSid: message.participantSid }),
    Attributes: message.attributes ?? '{}',
    ...(message.media && { Media: JSON.stringify(message.media) })
  }
})

/** Goes through the pages one by one, as far as the caller reads. */
export async function* eachMessage(first: Promise<MessagePage>): AsyncGenerator<MessageInstance> {
  let page: MessagePage | undefined = await first
  while (page) {
    yield* page.instances
    page = page.nextPageUrl ? ((await page.nextPage()) as MessagePage | undefined) : undefined
  }
}

/** The SDK makes dates of all dates; Twilio wrote whole seconds. */
export const isoDate = (date: Date | null | undefined): string | null =>
  date ? date.toISOString().replace(/\.\d{3}Z$/, 'Z') : null
