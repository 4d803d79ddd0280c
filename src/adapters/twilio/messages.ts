import type { Twilio } from 'twilio'
import type { OutgoingMessage, SentMessage } from '../../engine/effect.ts'
import { CallFailed } from '../../runtime/errors.ts'
import type { ReceivedMessage } from '../../runtime/ports.ts'
import { ask } from './client.ts'
import { markerIn, withMarker, withoutMarker } from './marker.ts'

/** https://www.twilio.com/docs/conversations-classic/conversations-limits */
const attributesBytes = 4096

export const pageSize = 100

/** As Twilio writes it. */
export interface Message {
  readonly sid: string
  readonly account_sid: string
  readonly conversation_sid: string
  readonly index: number
  readonly author: string | null
  readonly body: string | null
  readonly media: readonly object[] | null
  readonly attributes: string | null
  readonly participant_sid: string | null
  readonly date_created: string | null
}

/** Throws `CallFailed` where the marker finds no room. */
export const messageForm = (message: OutgoingMessage, effectId: string) => ({
  Author: message.author ?? undefined,
  Body: message.body ?? undefined,
  ContentSid: message.contentSid ?? undefined,
  ContentVariables: message.contentVariables ?? undefined,
  Attributes: marked(message.attributes, effectId)
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

export const sentMessage = (message: Message): SentMessage => ({
  sid: message.sid,
  conversationSid: message.conversation_sid,
  index: message.index,
  author: message.author,
  body: message.body,
  attributes: withoutMarker(message.attributes),
  participantSid: message.participant_sid,
  dateCreated: message.date_created
})

/** As `onMessageAdded` tells it: https://www.twilio.com/docs/conversations-classic/conversations-webhooks */
export const receivedMessage = (message: Message): ReceivedMessage => ({
  sid: message.sid,
  index: message.index,
  sentBy: markerIn(message.attributes),
  payload: {
    EventType: 'onMessageAdded',
    AccountSid: message.account_sid,
    ConversationSid: message.conversation_sid,
    MessageSid: message.sid,
    Index: String(message.index),
    DateCreated: message.date_created ?? '',
    Body: message.body ?? '',
    Author: message.author ?? '',
    ...(message.participant_sid && { ParticipantSid: message.participant_sid }),
    Attributes: message.attributes ?? '{}',
    ...(message.media && { Media: JSON.stringify(message.media) })
  }
})

/** What flows say, and what other programs post by REST, fires no webhook; the latter has no participant. */
export const isReply = ({ participant_sid, attributes }: Message): boolean =>
  participant_sid !== null && markerIn(attributes) === null

interface MessagePage {
  readonly messages: readonly Message[]
  readonly meta?: { readonly next_page_url?: string | null }
}

/** Goes through the pages one by one, as far as the caller reads. */
export async function* newestFirst(client: Twilio, messagesUrl: string): AsyncGenerator<Message> {
  let next: string | null | undefined = `${messagesUrl}?Order=desc&PageSize=${pageSize}`
  while (next) {
    const { messages, meta }: MessagePage = await ask(client, { method: 'get', uri: next })
    yield* messages
    next = meta?.next_page_url
  }
}
