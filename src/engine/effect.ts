import type { JsonObject } from './json.ts'

/** How to reach a Conversation; a null service means the account's default one. */
export interface ConversationRef {
  readonly conversationSid: string
  readonly serviceSid: string | null
}

export interface OutgoingMessage extends ConversationRef {
  readonly author: string | null
  readonly body: string | null
  /** A JSON object as text. */
  readonly attributes: string | null
  /** A content template and its variables as JSON text; Twilio then ignores the body. */
  readonly contentSid: string | null
  readonly contentVariables: string | null
}

/** A Conversation to be made, with the one participant that it is for. */
export interface NewConversation {
  readonly serviceSid: string | null
  readonly messagingServiceSid: string | null
  readonly friendlyName: string | null
  /** A JSON object as text. */
  readonly attributes: string | null
  /** ISO 8601 durations. */
  readonly timers: { readonly inactive: string | null; readonly closed: string | null }
}

export interface NewParticipant extends ConversationRef {
  readonly identity: string | null
  readonly address: string | null
  readonly proxyAddress: string | null
}

/** A call to a server that is not Twilio's Conversations. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly contentType: string | null
  readonly body: string | null
  /** `twilio` adds the account's credentials; `signature` signs the form as Twilio signs webhooks. */
  readonly credentials: 'none' | 'twilio' | 'signature'
}

/** Routes a Conversation to an agent: https://www.twilio.com/docs/flex/developer/conversations/interactions-api */
export interface NewInteraction extends ConversationRef {
  readonly channelType: string
  readonly workflowSid: string
  readonly taskChannelSid: string
  readonly attributes: JsonObject
  readonly priority: number
  readonly timeoutSeconds: number
}

/** Something to be done, as plain data. The execution pauses until it has settled. */
export type EffectRequest =
  | ({ readonly type: 'fetch-conversation' } & ConversationRef)
  | ({ readonly type: 'list-participants' } & ConversationRef)
  | ({ readonly type: 'create-conversation' } & NewConversation)
  | ({ readonly type: 'add-participant' } & NewParticipant)
  | ({ readonly type: 'delete-conversation' } & ConversationRef)
  | ({ readonly type: 'add-webhook' } & ConversationRef)
  | ({ readonly type: 'remove-webhook' } & ConversationRef)
  | ({ readonly type: 'send-message' } & OutgoingMessage)
  | ({ readonly type: 'create-interaction' } & NewInteraction)
  | ({ readonly type: 'http-request' } & HttpRequest)
  | { readonly type: 'load-flow'; readonly flowSid: string; readonly revision: RevisionChoice }

export type RevisionChoice = number | 'LatestPublished' | 'LatestRevision'

/** `id` is `<execution>:<step>:<n>`: the same again when a crashed turn is repeated. */
export type Effect = EffectRequest & { readonly id: string }
export type EffectType = EffectRequest['type']

/** What each effect answers when it succeeds. Attributes stay the JSON text that Twilio keeps. */
export interface EffectValues {
  'fetch-conversation': Conversation
  'list-participants': readonly Participant[]
  'create-conversation': Conversation
  'add-participant': Participant
  'delete-conversation': null
  'add-webhook': { readonly webhookSid: string }
  'remove-webhook': null
  'send-message': SentMessage
  'create-interaction': JsonObject
  'http-request': HttpAnswer
  'load-flow': { readonly revision: number }
}

/** A response, whatever its status. */
export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** `x-twilio-function-concurrency`, where a Function answered. */
  readonly functionConcurrency: string | null
}

export type Answer<T extends EffectType = EffectType> =
  | { readonly ok: true; readonly value: EffectValues[T] }
  | { readonly ok: false; readonly failure: Failure }

export interface Failure {
  /** Twilio's error code, or null where none came back. */
  readonly code: number | null
  readonly status: number | null
  readonly message: string
  /** `refused`: it was certainly not done. `unknown`: it may have been. */
  readonly outcome: 'refused' | 'unknown'
}

export interface Conversation {
  readonly sid: string
  readonly serviceSid: string | null
  readonly messagingServiceSid: string | null
  readonly state: string
  readonly friendlyName: string | null
  readonly uniqueName: string | null
  readonly attributes: string | null
  /** ISO 8601, as Twilio writes them. */
  readonly dateCreated: string | null
  readonly dateUpdated: string | null
}

export interface Participant {
  readonly sid: string
  readonly identity: string | null
  readonly attributes: string | null
  readonly roleSid: string | null
  readonly address: string | null
  readonly proxyAddress: string | null
}

export interface SentMessage {
  readonly sid: string
  readonly conversationSid: string
  readonly index: number
  readonly author: string | null
  readonly body: string | null
  readonly attributes: string | null
  readonly participantSid: string | null
  readonly dateCreated: string | null
}
