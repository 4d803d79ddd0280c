import { type Static, Type } from 'typebox'
import type {
  Answer,
  Conversation,
  ConversationRef,
  Failure,
  NewConversation,
  Participant
} from '../engine/effect.ts'
import type { Json } from '../engine/json.ts'
import type { Outcome, Visit } from '../engine/widget.ts'
import { attachedOutcome, attachFailed, refusalToAttach } from './attach.ts'
import { defineWidget, Flag, isSet, Template } from './define.ts'

const Person = Type.Object({
  type: Type.Optional(Type.String()),
  identity: Type.Optional(Template),
  messaging_binding_address: Type.Optional(Template),
  messaging_binding_proxy_address: Type.Optional(Template)
})
const Properties = Type.Object({
  conversation_service_sid: Type.Optional(Template),
  participants: Type.Array(Person, { minItems: 1, maxItems: 1 }),
  friendly_name: Type.Optional(Template),
  attributes: Type.Optional(Template),
  messaging_service_sid: Type.Optional(Template),
  timers_inactive: Type.Optional(Template),
  timers_closed: Type.Optional(Template),
  close_conversation_on_execution_end: Type.Optional(Flag)
})
type StartVisit = Visit<Static<typeof Properties>>

/** How far it has come; what was made so far is undone where the rest fails. */
type Memory =
  | { readonly stage: 'conversation' }
  | {
      readonly stage: 'participant'
      readonly ref: ConversationRef
      readonly conversation: Conversation
    }
  | {
      readonly stage: 'webhook'
      readonly ref: ConversationRef
      readonly conversation: Conversation
      readonly participant: Participant
    }
  | { readonly stage: 'undo'; readonly failure: Failure; readonly what: string }

/**
 * Makes a Conversation with one participant and attaches the execution to it, as Resume Conversation does
 * with one that exists. https://www.twilio.com/docs/studio/widget-library/start-conversation
 */
export const startConversation = defineWidget({
  type: 'start-conversation',
  properties: Properties,
  transitions: ['created', 'failed'],
  restOnly: true,

  run(visit) {
    const refusal = refusalToAttach(visit)
    if (refusal) return refusal
    return {
      type: 'request',
      effect: { type: 'create-conversation', ...newConversation(visit) },
      memory: { stage: 'conversation' }
    }
  },

  resume(visit, event, memory) {
    const { answer } = event as { answer: Answer }
    const known = memory as unknown as Memory
    switch (known.stage) {
      case 'conversation':
        return answer.ok
          ? addParticipant(visit, answer.value as Conversation)
          : attachFailed(
              visit,
              answer.failure.code,
              `The Conversation could not be created: ${answer.failure.message}`
            )
      case 'participant':
        return answer.ok
          ? ask({ type: 'add-webhook', ...known.ref }, known.ref, {
              ...known,
              stage: 'webhook',
              participant: answer.value as Participant
            })
          : undo(known.ref, answer.failure, 'The participant could not be added')
      case 'webhook':
        return answer.ok
          ? attachedOutcome(visit, {
              event: 'created',
              ref: known.ref,
              conversation: known.conversation,
              participants: [known.participant],
              webhookSid: (answer.value as { webhookSid: string }).webhookSid,
              close: isSet(visit.properties.close_conversation_on_execution_end)
            })
          : undo(
              known.ref,
              answer.failure,
              'No webhook could be registered on the new Conversation'
            )
      case 'undo':
        return attachFailed(visit, known.failure.code, `${known.what}: ${known.failure.message}`)
      default:
        return known satisfies never
    }
  }
})

function newConversation(visit: StartVisit): NewConversation {
  const { properties } = visit
  const text = (template: string | undefined) => visit.render(template ?? '').trim() || null
  return {
    serviceSid: text(properties.conversation_service_sid),
    messagingServiceSid: text(properties.messaging_service_sid),
    friendlyName: text(properties.friendly_name),
    attributes: text(properties.attributes),
    timers: { inactive: text(properties.timers_inactive), closed: text(properties.timers_closed) }
  }
}

function addParticipant(visit: StartVisit, conversation: Conversation): Outcome {
  const ref = { conversationSid: conversation.sid, serviceSid: conversation.serviceSid }
  const [person] = visit.properties.participants
  const text = (template: string | undefined) => visit.render(template ?? '').trim() || null
  const effect = {
    type: 'add-participant' as const,
    ...ref,
    identity: text(person?.identity),
    address: text(person?.messaging_binding_address),
    proxyAddress: text(person?.messaging_binding_proxy_address)
  }
  return ask(effect, ref, { stage: 'participant', ref, conversation })
}

const undo = (ref: ConversationRef, failure: Failure, what: string): Outcome =>
  ask({ type: 'delete-conversation', ...ref }, ref, { stage: 'undo', failure, what })

const ask = (
  effect: Extract<Outcome, { type: 'request' }>['effect'],
  ref: ConversationRef,
  memory: Memory
): Outcome => ({
  type: 'request',
  effect,
  memory: memory as unknown as Json,
  attachment: { ...ref, attached: false, close: false, created: true }
})
