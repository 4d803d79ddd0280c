// Twilio's answers as golden conversations write them: `{ "add-webhook": {} }` says which effect it answers,
// and only what differs from a healthy Conversation with one customer in it.
import { strictEqual } from 'node:assert'
import type {
  Answer,
  Conversation,
  Effect,
  EffectType,
  EffectValues,
  Failure,
  Participant,
  SentMessage
} from '../../src/engine/effect.ts'
import type { EffectSettled } from '../../src/engine/event.ts'
import {
  conversationSid,
  newConversationSid,
  type ScriptedEvent,
  serviceSid,
  sid
} from './golden-events.ts'

export type ScriptedAnswer =
  | { readonly meanwhile: ScriptedEvent }
  | { readonly [type in EffectType]?: object }

/** How long Twilio takes. */
const answerMs = 250

export function settle(effect: Effect, scripted: ScriptedAnswer, now: number): EffectSettled {
  const [[type, change] = []] = Object.entries(scripted)
  strictEqual(effect.type, type, `the flow asks for ${effect.type}, the script answers ${type}`)
  return {
    type: 'effect-settled',
    id: `settled ${effect.id}`,
    at: now + answerMs,
    effectId: effect.id,
    answer: toAnswer(effect, change as object)
  }
}

function toAnswer(effect: Effect, change: object): Answer {
  if ('failure' in change) {
    return { ok: false, failure: { ...failure, ...(change.failure as Partial<Failure>) } }
  }
  const value = healthy(effect, change)
  return {
    ok: true,
    value: Array.isArray(value) || value === null ? value : { ...value, ...change }
  }
}

const failure: Failure = { code: null, status: null, message: 'no reason', outcome: 'refused' }

function healthy(effect: Effect, change: object): EffectValues[EffectType] {
  switch (effect.type) {
    case 'fetch-conversation':
      return conversation
    case 'list-participants':
      return Array.isArray(change)
        ? change.map(each => ({ ...participant, ...each }))
        : [participant]
    case 'add-webhook':
      return { webhookSid: sid('WH', 0xa1) }
    case 'remove-webhook':
    case 'delete-conversation':
      return null
    case 'create-conversation':
      return {
        ...conversation,
        sid: newConversationSid,
        serviceSid: effect.serviceSid ?? serviceSid,
        messagingServiceSid: effect.messagingServiceSid,
        friendlyName: effect.friendlyName,
        uniqueName: null,
        attributes: effect.attributes ?? '{}'
      }
    case 'add-participant': {
      const { identity, address, proxyAddress } = effect
      return { ...participant, identity, address, proxyAddress }
    }
    case 'create-interaction':
      return {
        sid: sid('KD', 0xa1),
        channel: { sid: sid('UO', 0xa1), type: effect.channelType },
        routing: { reservation: null },
        url: `https://flex-api.twilio.com/v1/Interactions/${sid('KD', 0xa1)}`
      }
    case 'http-request':
      return {
        status: 200,
        contentType: 'application/json',
        body: '{}',
        functionConcurrency: null
      }
    case 'load-flow':
      return { revision: typeof effect.revision === 'number' ? effect.revision : 1 }
    case 'send-message': {
      const index = 'index' in change ? Number(change.index) : 0
      return {
        sid: sid('IM', index),
        conversationSid: effect.conversationSid,
        index,
        author: effect.author,
        body: effect.body,
        attributes: effect.attributes ?? '{}',
        participantSid: null,
        dateCreated: '2026-11-22T10:00:00Z'
      } satisfies SentMessage
    }
    default:
      return effect satisfies never
  }
}

const conversation: Conversation = {
  sid: conversationSid,
  serviceSid,
  messagingServiceSid: sid('MG', 0xa1),
  state: 'active',
  friendlyName: 'Order 1001',
  uniqueName: 'order-1001',
  attributes: '{"tier":"gold"}',
  dateCreated: '2026-11-20T08:00:00Z',
  dateUpdated: '2026-11-21T09:30:00Z'
}

const participant: Participant = {
  sid: sid('MB', 0xa1),
  identity: null,
  attributes: '{}',
  roleSid: sid('RL', 0xa1),
  address: '+15550100',
  proxyAddress: '+15550199'
}
