import { type Static, Type } from 'typebox'
import type {
  Answer,
  Conversation,
  ConversationRef,
  Failure,
  Participant
} from '../engine/effect.ts'
import type { Json } from '../engine/json.ts'
import type { Outcome, Visit } from '../engine/widget.ts'
import { attachedOutcome, attachFailed, refusalToAttach } from './attach.ts'
import { defineWidget, Flag, isSet, Template } from './define.ts'

const Properties = Type.Object({
  conversation_sid: Template,
  conversation_service_sid: Type.Optional(Template),
  close_conversation_on_execution_end: Type.Optional(Flag),
  close_channel_on_execution_end: Type.Optional(Flag)
})
type ResumeVisit = Visit<Static<typeof Properties>>

/** How far it has come; each stage asks Twilio one thing and hands on what it has learned. */
type Memory = { readonly ref: ConversationRef } & (
  | { readonly stage: 'conversation' }
  | { readonly stage: 'participants'; readonly conversation: Conversation }
  | {
      readonly stage: 'webhook'
      readonly conversation: Conversation
      readonly participants: readonly Participant[]
    }
  | { readonly stage: 'cleanup'; readonly failure: Failure }
)

/**
 * Attaches an execution that the REST API started to a Conversation that exists already: fetches it and its
 * participants, registers our `onMessageAdded` webhook, and makes it the channel. `failed` sets no variables.
 * https://www.twilio.com/docs/studio/widget-library/resume-conversation
 */
export const resumeConversation = defineWidget({
  type: 'resume-conversation',
  properties: Properties,
  transitions: ['resumed', 'failed'],
  restOnly: true,

  run(visit) {
    const refusal = refusalToAttach(visit)
    if (refusal) return refusal
    const ref = renderedRef(visit)
    return ref.conversationSid === ''
      ? attachFailed(
          visit,
          null,
          `conversation_sid is empty after rendering ${visit.properties.conversation_sid}`
        )
      : ask(ref, 'fetch-conversation', { stage: 'conversation', ref })
  },

  resume(visit, event, memory) {
    const answer = event.type === 'effect-settled' ? event.answer : noAnswer
    const known = memory as unknown as Memory
    switch (known.stage) {
      case 'conversation':
        return conversationFetched(visit, answer as Answer<'fetch-conversation'>, known.ref)
      case 'participants':
        return answer.ok
          ? ask(known.ref, 'add-webhook', {
              stage: 'webhook',
              ref: known.ref,
              conversation: known.conversation,
              participants: answer.value as readonly Participant[]
            })
          : attachFailed(
              visit,
              answer.failure.code,
              `The participants of ${known.ref.conversationSid} could not be listed: ${answer.failure.message}`
            )
      case 'webhook':
        return webhookAdded(visit, answer as Answer<'add-webhook'>, known)
      case 'cleanup':
        return webhookFailed(visit, known.failure, known.ref)
      default:
        return known satisfies never
    }
  }
})

const noAnswer: Answer = {
  ok: false,
  failure: { code: null, status: null, message: 'no answer', outcome: 'unknown' }
}

function renderedRef(visit: ResumeVisit): ConversationRef {
  const { conversation_sid, conversation_service_sid = '' } = visit.properties
  return {
    conversationSid: visit.render(conversation_sid).trim(),
    // A blank service means the account's default one.
    serviceSid: visit.render(conversation_service_sid).trim() || null
  }
}

function conversationFetched(
  visit: ResumeVisit,
  answer: Answer<'fetch-conversation'>,
  ref: ConversationRef
): Outcome {
  if (!answer.ok) return attachFailed(visit, answer.failure.code, fetchTrouble(ref, answer.failure))
  const conversation = answer.value
  if (ref.serviceSid !== null && conversation.serviceSid !== ref.serviceSid) {
    return attachFailed(
      visit,
      null,
      `Conversation ${conversation.sid} belongs to service ${conversation.serviceSid}, not to ${ref.serviceSid}`
    )
  }
  if (conversation.state === 'closed') {
    return attachFailed(
      visit,
      50377,
      `Conversation ${conversation.sid} is closed, and a closed Conversation cannot be reopened`
    )
  }
  // Conversations answer to their unique name too; from here on only the SID is used, which never changes.
  const exact = { conversationSid: conversation.sid, serviceSid: ref.serviceSid }
  return ask(exact, 'list-participants', { stage: 'participants', ref: exact, conversation })
}

function fetchTrouble({ conversationSid, serviceSid }: ConversationRef, failure: Failure): string {
  const where = serviceSid === null ? "the account's default service" : `service ${serviceSid}`
  return failure.status === 404
    ? `There is no Conversation ${conversationSid} in ${where}; check both SIDs`
    : `Conversation ${conversationSid} could not be fetched: ${failure.message}`
}

function webhookAdded(
  visit: ResumeVisit,
  answer: Answer<'add-webhook'>,
  known: Extract<Memory, { stage: 'webhook' }>
): Outcome {
  const { ref, conversation, participants } = known
  if (!answer.ok) {
    // It may exist although no answer came back; it must not stay behind.
    return answer.failure.outcome === 'unknown'
      ? ask(ref, 'remove-webhook', { stage: 'cleanup', ref, failure: answer.failure })
      : webhookFailed(visit, answer.failure, ref)
  }
  const { close_conversation_on_execution_end, close_channel_on_execution_end } = visit.properties
  const close = isSet(close_conversation_on_execution_end ?? close_channel_on_execution_end)
  return attachedOutcome(visit, {
    event: 'resumed',
    ref,
    conversation,
    participants,
    webhookSid: answer.value.webhookSid,
    close
  })
}

function webhookFailed(
  visit: ResumeVisit,
  failure: Failure,
  { conversationSid }: ConversationRef
): Outcome {
  // https://www.twilio.com/docs/api/errors/50361
  const cause =
    failure.code === 50361
      ? 'it has five webhooks already, the most that a Conversation can have; remove one'
      : failure.message
  return attachFailed(
    visit,
    failure.code,
    `No webhook could be registered on ${conversationSid}: ${cause}`
  )
}

function ask(
  ref: ConversationRef,
  type: 'fetch-conversation' | 'list-participants' | 'add-webhook' | 'remove-webhook',
  memory: Memory
): Outcome {
  return {
    type: 'request',
    effect: { type, ...ref },
    memory: memory as unknown as Json,
    // From the first question on: a turn repeated after a crash may have left a webhook there.
    attachment: { ...ref, attached: false, close: false }
  }
}
