import { Type } from 'typebox'
import type { Answer, OutgoingMessage } from '../engine/effect.ts'
import type { Json } from '../engine/json.ts'
import { defineWidget, go } from './define.ts'
import { channelWrites, messageProperties, outboundOutput, outgoingMessage } from './outgoing.ts'

/**
 * Sends to the execution's Conversation. `sent` means that Twilio took the message; nobody waits for its
 * delivery. https://www.twilio.com/docs/studio/widget-library/send-message
 */
export const sendMessage = defineWidget({
  type: 'send-message',
  properties: Type.Object(messageProperties),
  transitions: ['sent', 'failed'],

  run(visit) {
    const message = outgoingMessage(visit)
    if ('fault' in message) {
      visit.warn(81011, message.fault)
      return go(visit, 'failed', { outbound: {} })
    }
    return {
      type: 'request',
      effect: { type: 'send-message', ...message },
      memory: message as unknown as Json
    }
  },

  resume(visit, event, memory) {
    const answer = (event as { answer: Answer<'send-message'> }).answer
    const outbound = outboundOutput(memory as unknown as OutgoingMessage, answer)
    if (!answer.ok) visit.warn(81011, `The message was not sent: ${answer.failure.message}`)
    return go(visit, answer.ok ? 'sent' : 'failed', { outbound }, channelWrites(answer))
  }
})
