// What Twilio answers: https://www.twilio.com/docs/conversations-classic/api
import { randomUUID } from 'node:crypto'
import {
  accountSid,
  business,
  messagingServiceSid,
  newSid,
  roleSid,
  serviceSid
} from './account.mjs'

const date = '2026-01-01T00:00:00Z'
const base = 'https://conversations.twilio.com/v1'

const dated = { date_created: date, date_updated: date }

const page = (key, items) => ({
  meta: {
    page: 0,
    page_size: 50,
    first_page_url: `${base}?Page=0`,
    previous_page_url: null,
    url: `${base}?Page=0`,
    next_page_url: null,
    key
  },
  [key]: items
})

export const noMessages = JSON.stringify(page('messages', []))
export const noWebhooks = JSON.stringify(page('webhooks', []))

export const conversation = sid =>
  JSON.stringify({
    sid,
    account_sid: accountSid,
    chat_service_sid: serviceSid,
    messaging_service_sid: messagingServiceSid,
    friendly_name: 'Ada Lovelace',
    unique_name: null,
    attributes: '{}',
    state: 'active',
    timers: {},
    bindings: {},
    url: `${base}/Conversations/${sid}`,
    links: {},
    ...dated
  })

export const participants = ({ conversationSid, participantSid, address }) =>
  JSON.stringify(
    page('participants', [
      {
        sid: participantSid,
        account_sid: accountSid,
        conversation_sid: conversationSid,
        identity: null,
        attributes: '{}',
        messaging_binding: { type: 'sms', address, proxy_address: business },
        role_sid: roleSid,
        last_read_message_index: null,
        last_read_timestamp: null,
        url: '',
        ...dated
      }
    ])
  )

export const webhook = (conversationSid, url) =>
  JSON.stringify({
    sid: newSid('WH'),
    account_sid: accountSid,
    conversation_sid: conversationSid,
    target: 'webhook',
    configuration: { url, method: 'POST', filters: ['onMessageAdded'] },
    url: '',
    ...dated
  })

const message = given =>
  JSON.stringify({
    account_sid: accountSid,
    media: null,
    participant_sid: null,
    delivery: null,
    url: '',
    links: {},
    content_sid: null,
    ...dated,
    ...given
  })

/** The fields as they were sent, as Twilio answers them. */
export const sentMessage = (conversationSid, index, form) =>
  message({
    sid: newSid('IM'),
    conversation_sid: conversationSid,
    index,
    author: form.get('Author'),
    body: form.get('Body'),
    attributes: form.get('Attributes') ?? '{}'
  })

/** Cut where the SID, the Conversation and the index belong. */
const [beforeSid, beforeConversation, beforeIndex, rest] = message({
  sid: '#',
  conversation_sid: '#',
  author: 'Bot',
  body: 'You said something, and now?',
  attributes: '{}',
  index: 987654321
}).split(/#|987654321/)

/** The same without looking at what was sent: for runs that measure time. */
export function anyMessage(conversationSid, index) {
  const sid = `IM${randomUUID().replaceAll('-', '')}`
  return beforeSid + sid + beforeConversation + conversationSid + beforeIndex + index + rest
}
