import type { Account } from './account.ts'
import { amend } from './amend.ts'
import { checkAttributes } from './attributes.ts'
import { announce, conversationParams, moment } from './events.ts'
import { changeState, requireOpen, restartTimers, settleTimers } from './life.ts'
import type { Actor, Conversation, ConversationState, Service } from './model.ts'
import { releasePair } from './pairs.ts'
import { refuse } from './refusal.ts'
import { parseTimer } from './timers.ts'

/** Undefined is "not given", which an update leaves alone. */
export type ConversationInput = {
  readonly friendlyName?: string | null | undefined
  readonly uniqueName?: string | null | undefined
  readonly attributes?: string | undefined
  readonly messagingServiceSid?: string | undefined
  readonly state?: ConversationState | undefined
  readonly inactiveTimer?: string | undefined
  readonly closedTimer?: string | undefined
  readonly dateCreated?: number | undefined
  readonly dateUpdated?: number | undefined
}

export function createConversation(account: Account, service: Service, input: ConversationInput) {
  if (input.state === 'closed') {
    throw refuse(50384, 'A conversation cannot be created in the closed state')
  }
  if (input.state === undefined && (input.inactiveTimer ?? input.closedTimer) !== undefined) {
    throw refuse(50382, 'Timers can only be set together with State')
  }
  requireFreeName(service, input.uniqueName, null)
  const now = account.now()
  const conversation: Conversation = {
    sid: account.newSid('CH'),
    service,
    messagingServiceSid: input.messagingServiceSid ?? account.defaults.messagingServiceSid,
    friendlyName: input.friendlyName ?? null,
    uniqueName: input.uniqueName ?? null,
    attributes: checkAttributes('conversation', input.attributes) ?? '{}',
    state: input.state ?? 'active',
    dateCreated: input.dateCreated ?? now,
    dateUpdated: input.dateUpdated ?? input.dateCreated ?? now,
    timers: {
      inactiveAfter: parseTimer('inactive', input.inactiveTimer) ?? null,
      closedAfter: parseTimer('closed', input.closedTimer) ?? null,
      inactiveAt: null,
      closedAt: null
    },
    participants: new Map(),
    authors: new Map(),
    messages: [],
    messagesBySid: new Map(),
    nextIndex: 0,
    webhooks: new Map(),
    interactions: []
  }
  restartTimers(account, conversation)
  account.conversations.set(conversation.sid, conversation)
  service.conversations.set(conversation.sid, conversation)
  if (conversation.uniqueName !== null) {
    service.uniqueNames.set(conversation.uniqueName, conversation)
  }
  return conversation
}

/** By SID or by unique name, as in the paths of the API, and only inside the service. */
export function findConversation(account: Account, service: Service, name: string) {
  const conversation = service.conversations.get(name) ?? service.uniqueNames.get(name)
  if (!conversation) throw refuse(50350, `Conversation ${name} not found`)
  settleTimers(account, conversation)
  return conversation
}

/** By SID, whichever service it is in. */
export function findAnywhere(account: Account, sid: string): Conversation {
  const conversation = account.conversations.get(sid)
  if (!conversation) throw refuse(50350, `Conversation ${sid} not found`)
  settleTimers(account, conversation)
  return conversation
}

export function updateConversation(
  account: Account,
  conversation: Conversation,
  input: ConversationInput,
  actor: Actor
) {
  requireOpen(conversation)
  requireFreeName(conversation.service, input.uniqueName, conversation)
  const attributes = checkAttributes('conversation', input.attributes)
  const inactiveAfter = parseTimer('inactive', input.inactiveTimer)
  const closedAfter = parseTimer('closed', input.closedTimer)

  if (input.uniqueName !== undefined) rename(conversation, input.uniqueName)
  const { friendlyName, messagingServiceSid, dateCreated } = input
  amend(conversation, { friendlyName, messagingServiceSid, attributes, dateCreated })
  conversation.dateUpdated = input.dateUpdated ?? account.now()
  amend(conversation.timers, { inactiveAfter, closedAfter })
  if (inactiveAfter !== undefined || closedAfter !== undefined) restartTimers(account, conversation)

  announce(account, conversation, 'onConversationUpdated', actor, () => ({
    ...conversationParams(conversation),
    DateUpdated: moment(conversation.dateUpdated)
  }))
  if (input.state) changeState(account, conversation, input.state, actor, 'API')
}

export function removeConversation(account: Account, conversation: Conversation, actor: Actor) {
  if (conversation.state !== 'closed') {
    for (const participant of conversation.participants.values()) releasePair(account, participant)
  }
  const { service, sid, uniqueName } = conversation
  account.conversations.delete(sid)
  service.conversations.delete(sid)
  if (uniqueName !== null) service.uniqueNames.delete(uniqueName)
  announce(account, conversation, 'onConversationRemoved', actor, () => ({
    ...conversationParams(conversation),
    DateRemoved: moment(account.now())
  }))
}

function rename(conversation: Conversation, uniqueName: string | null) {
  const { uniqueNames } = conversation.service
  if (conversation.uniqueName !== null) uniqueNames.delete(conversation.uniqueName)
  if (uniqueName !== null) uniqueNames.set(uniqueName, conversation)
  conversation.uniqueName = uniqueName
}

function requireFreeName(
  service: Service,
  uniqueName: string | null | undefined,
  owner: Conversation | null
) {
  if (uniqueName === null || uniqueName === undefined) return
  const holder = service.uniqueNames.get(uniqueName)
  if (holder && holder !== owner) {
    throw refuse(50353, `Conversation with unique name '${uniqueName}' already exists`)
  }
}
