// The states of a conversation and what moves it between them:
// https://www.twilio.com/docs/conversations-classic/states-timers

import type { Account } from './account.ts'
import { announce, byItself, moment } from './events.ts'
import type { Actor, Conversation, ConversationState } from './model.ts'
import { releasePair } from './pairs.ts'
import { refuse } from './refusal.ts'

export function requireOpen(conversation: Conversation) {
  if (conversation.state !== 'closed') return
  throw refuse(50377, `Conversation ${conversation.sid} is closed and cannot be changed any more`)
}

export function changeState(
  account: Account,
  conversation: Conversation,
  state: ConversationState,
  actor: Actor,
  reason: 'API' | 'TIMER' | 'EVENT'
) {
  const previous = conversation.state
  if (state === previous) return
  conversation.state = state
  conversation.dateUpdated = account.now()
  restartTimers(account, conversation)
  if (state === 'closed') {
    for (const participant of conversation.participants.values()) releasePair(account, participant)
  }
  announce(account, conversation, 'onConversationStateUpdated', actor, () => ({
    StateFrom: previous,
    StateTo: state,
    StateUpdated: moment(conversation.dateUpdated),
    Reason: reason
  }))
}

/** Counts both timers from now, as a message or a manual change of state does. */
export function restartTimers(account: Account, { timers, state }: Conversation) {
  const now = account.now()
  const from = (after: number | null) => (after === null ? null : now + after)
  timers.inactiveAt = state === 'active' ? from(timers.inactiveAfter) : null
  timers.closedAt = state === 'closed' ? null : from(timers.closedAfter)
}

/**
 * A simulator needs no clockwork of its own: timers that have run out take effect when somebody
 * looks.
 */
export function settleTimers(account: Account, conversation: Conversation) {
  const { timers } = conversation
  if (timers.inactiveAt === null && timers.closedAt === null) return
  const now = account.now()
  const { closedAt } = timers
  if (timers.inactiveAt !== null && timers.inactiveAt <= now) {
    changeState(account, conversation, 'inactive', byItself, 'TIMER')
    // Falling inactive is no activity: the way to closed goes on counting.
    timers.closedAt = closedAt
  }
  if (closedAt !== null && closedAt <= now) {
    changeState(account, conversation, 'closed', byItself, 'TIMER')
  }
}
