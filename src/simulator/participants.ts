import type { Account } from './account.ts'
import { amend } from './amend.ts'
import { checkAttributes } from './attributes.ts'
import { announce, moment, participantParams } from './events.ts'
import { requireOpen, settleTimers } from './life.ts'
import type { Actor, Conversation, Participant } from './model.ts'
import { holderOf, holdPair, releasePair } from './pairs.ts'
import { badParameter, refuse } from './refusal.ts'

export type ParticipantInput = {
  readonly identity?: string | undefined
  readonly address?: string | undefined
  readonly proxyAddress?: string | undefined
  readonly projectedAddress?: string | undefined
  readonly attributes?: string | undefined
  readonly roleSid?: string | undefined
  readonly lastReadMessageIndex?: number | undefined
  readonly lastReadTimestamp?: string | undefined
  readonly dateCreated?: number | undefined
  readonly dateUpdated?: number | undefined
}

export function addParticipant(
  account: Account,
  conversation: Conversation,
  input: ParticipantInput,
  actor: Actor
): Participant {
  requireOpen(conversation)
  if (input.identity === undefined && input.address === undefined) {
    throw badParameter('A participant needs an Identity or a MessagingBinding.Address')
  }
  checkAddresses(input)
  const now = account.now()
  const participant: Participant = {
    sid: account.newSid('MB'),
    identity: input.identity ?? null,
    address: input.address ?? null,
    proxyAddress: input.proxyAddress ?? null,
    projectedAddress: input.projectedAddress ?? null,
    attributes: checkAttributes('participant', input.attributes) ?? '{}',
    roleSid: input.roleSid ?? account.defaults.roleSid,
    lastReadMessageIndex: null,
    lastReadTimestamp: null,
    dateCreated: input.dateCreated ?? now,
    dateUpdated: input.dateUpdated ?? input.dateCreated ?? now
  }
  requireFreePair(account, participant)
  const author = authorOf(participant)
  requireNewcomer(conversation, author)
  holdPair(account, conversation, participant)
  conversation.participants.set(participant.sid, participant)
  conversation.authors.set(author, participant)
  announce(account, conversation, 'onParticipantAdded', actor, () => participantParams(participant))
  return participant
}

export function findParticipant(conversation: Conversation, sid: string): Participant {
  const participant = conversation.participants.get(sid)
  if (!participant) throw refuse(50432, `Participant ${sid} not found`)
  return participant
}

export function updateParticipant(
  account: Account,
  conversation: Conversation,
  participant: Participant,
  input: Omit<ParticipantInput, 'address'>,
  actor: Actor
) {
  requireOpen(conversation)
  const { identity, proxyAddress, projectedAddress, ...rest } = input
  const attributes = checkAttributes('participant', input.attributes)
  const { address } = participant
  checkAddresses({ address: address ?? undefined, proxyAddress })
  if (identity !== undefined && identity !== participant.identity) {
    requireNewcomer(conversation, identity)
  }
  if (proxyAddress !== undefined && proxyAddress !== participant.proxyAddress) {
    requireFreePair(account, { address, proxyAddress })
    releasePair(account, participant)
    holdPair(account, conversation, { address, proxyAddress })
  }
  conversation.authors.delete(authorOf(participant))
  amend(participant, { identity, proxyAddress, projectedAddress, ...rest, attributes })
  conversation.authors.set(authorOf(participant), participant)
  participant.dateUpdated = input.dateUpdated ?? account.now()
  announce(account, conversation, 'onParticipantUpdated', actor, () => ({
    ...participantParams(participant),
    DateUpdated: moment(participant.dateUpdated)
  }))
}

export function removeParticipant(
  account: Account,
  conversation: Conversation,
  participant: Participant,
  actor: Actor
) {
  // A closed conversation gave its pairs back, and another one may hold them by now.
  if (conversation.state !== 'closed') releasePair(account, participant)
  conversation.participants.delete(participant.sid)
  conversation.authors.delete(authorOf(participant))
  announce(account, conversation, 'onParticipantRemoved', actor, () => ({
    ...participantParams(participant),
    DateRemoved: moment(account.now())
  }))
}

/**
 * The channel is what an address starts with, and SMS if it starts with nothing:
 * `whatsapp:+15550001111`. Null for chat users.
 * https://www.twilio.com/docs/conversations-classic/api/conversation-participant-resource
 */
export function channelOf({ address, projectedAddress }: Participant): string | null {
  const where = address ?? projectedAddress
  if (where === null) return null
  const colon = where.indexOf(':')
  return colon === -1 ? 'sms' : where.slice(0, colon)
}

const authorOf = ({ identity, address, sid }: Participant) => identity ?? address ?? sid

function requireNewcomer({ authors }: Conversation, author: string) {
  if (!authors.has(author)) return
  throw refuse(50433, `Participant ${author} is already in the conversation`)
}

function checkAddresses({ address, proxyAddress }: ParticipantInput) {
  if (address !== undefined && !isAddress(address)) {
    throw refuse(50407, `Invalid messaging binding address '${address}'`)
  }
  if (proxyAddress === undefined) return
  if (!isAddress(proxyAddress)) {
    throw refuse(50408, `Invalid messaging binding proxy address '${proxyAddress}'`)
  }
  if (proxyAddress === address) {
    throw refuse(50409, 'Messaging binding address and proxy address must differ')
  }
}

/** A phone number, or an address that names its channel, like `whatsapp:+15550001111`. */
const isAddress = (text: string) => /^(?:\+?\d{3,15}|[a-z]+:\S+)$/.test(text)

function requireFreePair(account: Account, binding: Pick<Participant, 'address' | 'proxyAddress'>) {
  const holder = holderOf(account, binding)
  if (!holder) return
  settleTimers(account, holder)
  if (holder.state === 'closed') return
  const pair = `${binding.address} and ${binding.proxyAddress}`
  throw refuse(50416, `The pair ${pair} is already bound in conversation ${holder.sid}`)
}
