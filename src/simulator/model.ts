// What an account holds. Times are milliseconds; `describe.ts` alone knows how Twilio spells them.

export type ConversationState = 'active' | 'inactive' | 'closed'

export type Service = {
  readonly sid: string
  readonly friendlyName: string
  readonly dateCreated: number
  readonly conversations: Map<string, Conversation>
  readonly uniqueNames: Map<string, Conversation>
}

export type Conversation = {
  readonly sid: string
  readonly service: Service
  messagingServiceSid: string
  friendlyName: string | null
  uniqueName: string | null
  attributes: string
  state: ConversationState
  dateCreated: number
  dateUpdated: number
  readonly timers: Timers
  readonly participants: Map<string, Participant>
  /** The same participants by identity or address, which is how authors name them. */
  readonly authors: Map<string, Participant>
  /** In order of index. */
  readonly messages: Message[]
  readonly messagesBySid: Map<string, Message>
  nextIndex: number
  readonly webhooks: Map<string, Webhook>
  readonly interactions: Interaction[]
}

/** Durations as asked for, and the moments they currently lead to; null is off. */
export type Timers = {
  inactiveAfter: number | null
  closedAfter: number | null
  inactiveAt: number | null
  closedAt: number | null
}

export type Participant = {
  readonly sid: string
  identity: string | null
  readonly address: string | null
  proxyAddress: string | null
  projectedAddress: string | null
  attributes: string
  roleSid: string
  lastReadMessageIndex: number | null
  lastReadTimestamp: string | null
  dateCreated: number
  dateUpdated: number
}

export type Media = {
  readonly sid: string
  readonly contentType: string
  readonly filename: string | null
  readonly size: number
}

export type Message = {
  readonly sid: string
  readonly index: number
  author: string
  body: string | null
  attributes: string
  readonly media: readonly Media[]
  readonly contentSid: string | null
  readonly participantSid: string | null
  dateCreated: number
  dateUpdated: number
  /** Kept with the message because a webhook may ask for it again with ReplayAfter. */
  readonly actor: Actor
}

export type Webhook = {
  readonly sid: string
  readonly target: 'webhook' | 'trigger' | 'studio'
  url: string | null
  method: 'get' | 'post'
  /** Event names, or the keywords of a trigger. */
  filters: readonly string[]
  flowSid: string | null
  readonly dateCreated: number
  dateUpdated: number
}

/** A conversation in the hands of agents, and the task by which it came to them. */
export type Interaction = {
  readonly sid: string
  readonly channelSid: string
  readonly channelType: string
  readonly contextSid: string | null
  readonly webhookTtid: string | null
  readonly task: Task
  readonly dateCreated: number
}

export type Task = {
  readonly sid: string
  readonly workflowSid: string
  /** By unique name or SID, as it was given. */
  readonly channel: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly priority: number
  /** Seconds. */
  readonly timeout: number
}

/** Who did something, and whether webhooks get to hear of it. */
export type Actor = {
  readonly source: string
  readonly clientIdentity: string | null
  readonly announced: boolean
}

/** One webhook call to be made. */
export type Delivery = {
  readonly event: string
  readonly conversationSid: string
  readonly webhookSid: string
  readonly url: string
  readonly method: 'get' | 'post'
  readonly params: Readonly<Record<string, string>>
}
