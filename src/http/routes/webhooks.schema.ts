import { type Static, Type } from 'typebox'
import { ExecutionSid } from '../schemas.ts'

export const WebhookParams = Type.Object({ Sid: ExecutionSid })

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
