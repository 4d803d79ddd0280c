import { type Account, addService, clearAccount } from './account.ts'
import { createConversation, findAnywhere, removeConversation } from './conversations.ts'
import type { Deliveries } from './deliveries.ts'
import { byApi } from './events.ts'
import type { Faults } from './faults.ts'
import type { Log } from './log.ts'
import { addMessage } from './messages.ts'
import type { Actor, Conversation, Participant } from './model.ts'
import type { MoodSwings } from './moods.ts'
import { addParticipant, channelOf } from './participants.ts'
import { refuse } from './refusal.ts'
import { viewConversation, viewMessage, viewParticipant } from './view.ts'
import type { ConversationView, MessageView, NewConversation, Saying } from './world.schema.ts'
import type { WriteLimit } from './write-limit.ts'

/**
 * What happens around the API: customers who talk, things that go wrong, and a look at everything.
 */
export type World = {
  /** Sets up a conversation with its participants. */
  openConversation(input?: NewConversation): ConversationView
  conversation(sid: string): ConversationView
  /** Says something as a participant; webhooks always hear of it. */
  say(sid: string, saying: Saying): MessageView
  readonly log: Log
  readonly faults: Faults
  readonly moods: MoodSwings
  readonly writeLimit: WriteLimit
  /** Back to the start: no conversations, no faults, no moods, no log, nothing to deliver. */
  reset(): void
}

type Parts = Pick<World, 'log' | 'faults' | 'moods' | 'writeLimit'> & {
  readonly account: Account
  readonly deliveries: Deliveries
}

export function createWorld({ account, deliveries, ...parts }: Parts): World {
  const { log, faults, moods, writeLimit } = parts
  const find = (sid: string) => findAnywhere(account, sid)
  return {
    openConversation: (input = {}) => viewConversation(openConversation(account, input)),
    conversation: sid => viewConversation(find(sid)),
    say: (sid, saying) => viewMessage(say(account, find(sid), saying)),
    ...parts,
    reset() {
      deliveries.clear()
      clearAccount(account)
      faults.clear()
      moods.clear()
      writeLimit.reset()
      log.clear()
    }
  }
}

const silent = byApi(false)

function openConversation(account: Account, input: NewConversation) {
  const { friendlyName, uniqueName, serviceSid, attributes, participants = [] } = input
  const service =
    serviceSid === undefined
      ? account.defaultService
      : (account.services.get(serviceSid) ?? addService(account, serviceSid, serviceSid))
  const texts = { friendlyName, uniqueName, attributes: toText(attributes) }
  const conversation = createConversation(account, service, texts)
  try {
    for (const { attributes, ...rest } of participants) {
      const participant = { ...rest, attributes: toText(attributes) }
      addParticipant(account, conversation, participant, silent)
    }
  } catch (error) {
    // All or nothing: nobody asked for a conversation that lacks a participant.
    removeConversation(account, conversation, silent)
    throw error
  }
  return conversation
}

function say(account: Account, conversation: Conversation, saying: Saying) {
  if (conversation.state === 'closed') {
    const message = `Conversation ${conversation.sid} is closed: nobody can say anything in it`
    throw refuse(50377, message, { status: 409 })
  }
  const participant = findAuthor(conversation, saying.author)
  const author = participant.identity ?? participant.address ?? participant.sid
  const media = saying.media?.map(({ contentType, filename = null, size = 0 }) => ({
    sid: account.newSid('ME'),
    contentType,
    filename,
    size
  }))
  const input = { body: saying.body, attributes: toText(saying.attributes), media, author }
  return addMessage(account, conversation, input, actorFor(participant))
}

function findAuthor(conversation: Conversation, author: string | undefined): Participant {
  const [first] = conversation.participants.values()
  const found = author === undefined ? first : conversation.authors.get(author)
  if (found) return found
  const participants = [...conversation.participants.values()].map(viewParticipant)
  const message = author === undefined ? 'Nobody is in the conversation' : 'No such participant'
  throw refuse(50430, message, { details: { participants } })
}

/** Chat users speak through an SDK; anyone else through the channel of their address. */
const actorFor = (participant: Participant): Actor => ({
  source: participant.identity === null ? (channelOf(participant) ?? 'sms').toUpperCase() : 'SDK',
  clientIdentity: participant.identity,
  announced: true
})

const toText = (attributes: unknown) =>
  attributes === undefined ? undefined : JSON.stringify(attributes)
