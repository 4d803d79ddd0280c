// Customers: what they are, and the signed webhook by which Twilio tells of their next message. Whatever
// stays the same from message to message is made once, because the driver shares the CPU with what it drives.
import { createHmac, randomUUID } from 'node:crypto'
import { accountSid, authToken, messagingServiceSid, newSid, serviceSid } from './account.mjs'

/**
 * @typedef {object} Customer
 * @property {string} address
 * @property {string} conversationSid
 * @property {string} participantSid
 * @property {number} index of the newest message of the Conversation; it grows with everything said there
 * @property {string} path where this Conversation's webhook leads
 * @property {number} sentAt when the last message was sent
 */

/** @returns {Customer[]} */
export const makeCustomers = count =>
  Array.from({ length: count }, (_, at) => ({
    address: `+1${5_550_100_000 + at}`,
    conversationSid: newSid('CH'),
    participantSid: newSid('MB'),
    index: -1,
    path: '',
    sentAt: 0
  }))

const texts = [
  'Very good, thank you',
  'Could be better',
  'No idea',
  'Terrible, never again',
  'Ask me tomorrow'
]

/**
 * The parameters of `onMessageAdded`, in the order in which Twilio signs them.
 * https://www.twilio.com/docs/conversations-classic/conversations-webhooks
 */
const parametersOf = ({ address, conversationSid, participantSid, index }) => [
  ['AccountSid', accountSid],
  ['Attributes', '{}'],
  ['Author', address],
  ['Body', `${texts[(index >> 1) % texts.length]} (${index})`],
  ['ChatServiceSid', serviceSid],
  ['ConversationSid', conversationSid],
  ['DateCreated', new Date().toISOString()],
  ['EventType', 'onMessageAdded'],
  ['Index', String(index)],
  ['MessageSid', `IM${randomUUID().replaceAll('-', '')}`],
  ['MessagingServiceSid', messagingServiceSid],
  ['ParticipantSid', participantSid],
  ['RetryCount', '0'],
  ['Source', 'SMS']
]

/** What Twilio posts, and how it signs it: https://www.twilio.com/docs/usage/webhooks/webhooks-security */
export function nextWebhook(customer, publicUrl) {
  customer.index += 1
  let form = ''
  let signed = publicUrl + customer.path
  for (const [name, value] of parametersOf(customer)) {
    signed += name + value
    form += `&${name}=${harmless.test(value) ? value : encodeURIComponent(value)}`
  }
  const signature = createHmac('sha1', authToken).update(signed).digest('base64')
  return { body: form.slice(1), signature }
}

const harmless = /^\w*$/
