import type { Account } from './account.ts'
import { amend } from './amend.ts'
import { checkAttributes } from './attributes.ts'
import { announce, messageParams, moment } from './events.ts'
import { changeState, requireOpen, restartTimers } from './life.ts'
import type { Actor, Conversation, Media, Message } from './model.ts'
import { refuse } from './refusal.ts'

export type MessageInput = {
  readonly author?: string | undefined
  readonly body?: string | undefined
  readonly attributes?: string | undefined
  readonly media?: readonly Media[] | undefined
  readonly contentSid?: string | undefined
  readonly dateCreated?: number | undefined
  readonly dateUpdated?: number | undefined
}

/** https://www.twilio.com/docs/conversations-classic/conversations-limits */
const limits = { bytes: 32_768, charactersToPhones: 1_600 }

export function addMessage(
  account: Account,
  conversation: Conversation,
  input: MessageInput,
  actor: Actor
): Message {
  requireOpen(conversation)
  const { media = [], contentSid = null } = input
  const body = input.body || null
  if (body === null && media.length === 0) throw refuse(50503, 'A message needs a body or media')
  checkLength(conversation, body, actor)
  const author = input.author ?? 'system'
  const now = account.now()
  const message: Message = {
    sid: account.newSid('IM'),
    index: conversation.nextIndex,
    author,
    body,
    attributes: checkAttributes('message', input.attributes) ?? '{}',
    media,
    contentSid,
    participantSid: conversation.authors.get(author)?.sid ?? null,
    dateCreated: input.dateCreated ?? now,
    dateUpdated: input.dateUpdated ?? input.dateCreated ?? now,
    actor
  }
  conversation.nextIndex += 1
  conversation.messages.push(message)
  conversation.messagesBySid.set(message.sid, message)
  announce(account, conversation, 'onMessageAdded', actor, () => messageParams(message))
  changeState(account, conversation, 'active', actor, 'EVENT')
  restartTimers(account, conversation)
  return message
}

export function findMessage(conversation: Conversation, sid: string): Message {
  const message = conversation.messagesBySid.get(sid)
  if (!message) throw refuse(50500, `Message ${sid} not found`)
  return message
}

export function updateMessage(
  account: Account,
  conversation: Conversation,
  message: Message,
  input: Omit<MessageInput, 'media' | 'contentSid'>,
  actor: Actor
) {
  requireOpen(conversation)
  checkLength(conversation, input.body ?? null, actor)
  const { author, body, dateCreated } = input
  const attributes = checkAttributes('message', input.attributes)
  amend(message, { author, body, dateCreated, attributes })
  message.dateUpdated = input.dateUpdated ?? account.now()
  announce(account, conversation, 'onMessageUpdated', actor, () => ({
    ...messageParams(message),
    DateUpdated: moment(message.dateUpdated)
  }))
}

export function removeMessage(
  account: Account,
  conversation: Conversation,
  message: Message,
  actor: Actor
) {
  conversation.messagesBySid.delete(message.sid)
  conversation.messages.splice(conversation.messages.indexOf(message), 1)
  announce(account, conversation, 'onMessageRemoved', actor, () => ({
    ...messageParams(message),
    DateRemoved: moment(account.now())
  }))
}

function checkLength(conversation: Conversation, body: string | null, actor: Actor) {
  if (body === null || body.length <= limits.charactersToPhones) return
  if (actor.source === 'API' && hasPhone(conversation)) {
    throw refuse(50504, `A message to a phone has at most ${limits.charactersToPhones} characters`)
  }
  if (Buffer.byteLength(body) > limits.bytes) {
    throw refuse(50504, `A message has at most ${limits.bytes} bytes`)
  }
}

const hasPhone = ({ participants }: Conversation) =>
  [...participants.values()].some(({ address }) => address !== null)
