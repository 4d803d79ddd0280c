import type { State } from '../flow/schema.ts'
import type { Answer } from './effect.ts'
import type { JsonObject } from './json.ts'

interface Happened {
  /** The same id again is the same event; the store takes it once. A message's id is its SID. */
  readonly id: string
  /** Epoch milliseconds at which it was accepted: the engine's only clock. */
  readonly at: number
}

/** What started the execution; how is `Execution.triggeredBy`. */
export interface Triggered extends Happened {
  readonly type: 'triggered'
  /** Of a REST call: `Parameters`; of an inbound message: the webhook's parameters as they came. */
  readonly parameters: JsonObject
}

/** `onMessageAdded`: https://www.twilio.com/docs/conversations-classic/conversations-webhooks */
export interface MessageReceived extends Happened {
  readonly type: 'message-received'
  readonly conversationSid: string
  readonly index: number
  /** The effect id that the message carries when a flow of ours sent it. */
  readonly sentBy: string | null
  /** The webhook's parameters as they came; what a flow sees as `inbound`. */
  readonly payload: Readonly<Record<string, string>>
}

export interface TimedOut extends Happened {
  readonly type: 'timed-out'
  readonly token: string
}

/** The Conversation of a wait is closed, or not there any more, so nobody can answer from now on. */
export interface ConversationLost extends Happened {
  readonly type: 'conversation-lost'
  /** Names the wait, as a timer does. */
  readonly token: string
  readonly loss: 'closed' | 'deleted'
  /** Somebody has answered before, which is taken next; the execution goes on, but says nothing any more. */
  readonly answered: boolean
  /** Twilio's code for it. */
  readonly code: number
}

export interface EffectSettled extends Happened {
  readonly type: 'effect-settled'
  readonly effectId: string
  readonly answer: Answer
}

export interface Cancelled extends Happened {
  readonly type: 'cancelled'
  readonly reason: 'api' | 'replaced' | 'deleted' | 'expired'
}

/** A caller of a stepwise execution wants one widget run, and afterwards the flow if `handOver`. */
export interface StepRequested extends Happened {
  readonly type: 'step-requested'
  readonly widget: { readonly name: string } | { readonly inline: State }
  readonly handOver: boolean
}

/** What can be delivered to an execution's inbox. */
export type InboxEvent =
  | Triggered
  | MessageReceived
  | TimedOut
  | ConversationLost
  | Cancelled
  | StepRequested
export type Event = InboxEvent | EffectSettled
