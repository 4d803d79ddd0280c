import { type Static, Type } from 'typebox'
import { ExecutionSid, FlowSid, Sid } from '../schemas.ts'

export const WebhookParams = Type.Object({ Sid: ExecutionSid })

export const InboundParams = Type.Object({ AccountSid: Sid('AC', 'SID of the account'), FlowSid })

export const Taken = {
  description: 'The message is durable, or there was nothing to keep',
  content: { 'text/plain': { schema: Type.String({ description: 'Empty' }) } }
}

/** What we read of `onMessageAdded`; Twilio may add parameters at any time, and all are kept. */
export const MessageAdded = Type.Object({
  EventType: Type.Literal('onMessageAdded'),
  ConversationSid: Type.String({ minLength: 1 }),
  MessageSid: Type.String({ minLength: 1, maxLength: 64 }),
  Index: Type.String({ pattern: '^\\d{1,15}$' }),
  Attributes: Type.Optional(Type.String())
})
export type MessageAdded = Static<typeof MessageAdded>

/**
 * `onMessageAdded`, or a message of Programmable Messaging, which has no EventType and two addresses instead.
 * https://www.twilio.com/docs/messaging/guides/webhook-request
 */
export const MessageIn = Type.Object({
  MessageSid: Type.String({ minLength: 1, maxLength: 64 }),
  EventType: Type.Optional(Type.Literal('onMessageAdded')),
  ConversationSid: Type.Optional(Type.String({ minLength: 1 })),
  Index: Type.Optional(Type.String({ pattern: '^\\d{1,15}$' })),
  Attributes: Type.Optional(Type.String()),
  From: Type.Optional(Type.String({ minLength: 1 })),
  To: Type.Optional(Type.String({ minLength: 1 }))
})
export type MessageIn = Static<typeof MessageIn>
