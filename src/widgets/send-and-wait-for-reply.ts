import { type Static, Type } from 'typebox'
import type { Answer, OutgoingMessage } from '../engine/effect.ts'
import type { Json, JsonObject } from '../engine/json.ts'
import type { Outcome, Visit } from '../engine/widget.ts'
import { defineWidget, go, NumberTemplate } from './define.ts'
import { channelWrites, messageProperties, outboundOutput, outgoingMessage } from './outgoing.ts'

const Properties = Type.Object({ ...messageProperties, timeout: Type.Optional(NumberTemplate) })
type AskVisit = Visit<Static<typeof Properties>>

/** What it remembers of the question while it waits. */
type Asked = { readonly outbound: JsonObject }

const defaultTimeoutSeconds = 3600

/**
 * Sends a question and waits for the reply. The clock starts when the question has been sent.
 * https://www.twilio.com/docs/studio/widget-library/send-wait-reply
 */
export const sendAndWaitForReply = defineWidget({
  type: 'send-and-wait-for-reply',
  properties: Properties,
  transitions: ['incomingMessage', 'timeout', 'deliveryFailure'],

  run(visit) {
    const message = outgoingMessage(visit)
    if ('fault' in message) {
      visit.warn(81011, message.fault)
      return go(visit, 'deliveryFailure', { outbound: {} })
    }
    return {
      type: 'request',
      effect: { type: 'send-message', ...message },
      memory: message as unknown as Json
    }
  },

  resume(visit, event, memory) {
    switch (event.type) {
      case 'effect-settled':
        return questionSent(
          visit,
          memory as unknown as OutgoingMessage,
          event.answer as Answer<'send-message'>
        )
      case 'message-received':
        return go(visit, 'incomingMessage', {
          outbound: (memory as Asked).outbound,
          inbound: event.payload
        })
      case 'timed-out':
        return go(visit, 'timeout', memory)
      default:
        return event satisfies never
    }
  }
})

function questionSent(
  visit: AskVisit,
  message: OutgoingMessage,
  answer: Answer<'send-message'>
): Outcome {
  const outbound = outboundOutput(message, answer)
  if (!answer.ok) {
    visit.warn(81011, `The question was not sent: ${answer.failure.message}`)
    return go(visit, 'deliveryFailure', { outbound }, channelWrites(answer))
  }
  return {
    type: 'wait',
    afterIndex: answer.value.index,
    timeoutMs: timeoutSeconds(visit) * 1000,
    memory: { outbound }
  }
}

function timeoutSeconds(visit: AskVisit): number {
  const { timeout = defaultTimeoutSeconds } = visit.properties
  const text = visit.render(String(timeout)).trim()
  const seconds = Number(text)
  if (text !== '' && Number.isFinite(seconds) && seconds > 0) return seconds
  visit.warn(
    null,
    `The timeout is not a number of seconds above 0: "${text}"; ${defaultTimeoutSeconds} is used`
  )
  return defaultTimeoutSeconds
}
