import type {
  Conversation,
  ConversationRef,
  HttpAnswer,
  HttpRequest,
  NewConversation,
  NewInteraction,
  NewParticipant,
  OutgoingMessage,
  Participant,
  RevisionChoice,
  SentMessage
} from '../engine/effect.ts'
import type { InboxEvent, Triggered } from '../engine/event.ts'
import type { Execution, Step } from '../engine/execution.ts'
import type { JsonObject } from '../engine/json.ts'
import type { FlowFault } from '../flow/flow.ts'

// What the runtime needs from the world, in our own words. Times are epoch milliseconds throughout, and
// where a method takes `now`, the caller's clock decides: a store reads no clock of its own.

/** The right to run one turn. It ends with its lease; its fence only grows from claim to claim. */
export interface Claim {
  readonly execution: Execution
  /** Events accepted and not yet consumed, in the order of their arrival. */
  readonly inbox: readonly InboxEvent[]
  readonly fence: number
  /** An earlier turn died before its commit, so what it set out to do may have been done. */
  readonly recovering: boolean
}

export interface NewEntry {
  readonly execution: Execution
  readonly event: Triggered
  /** Refuse while another execution of the same flow and contact is active. */
  readonly exclusive: boolean
  /** The same key again, for the same flow and contact, is the same execution. */
  readonly idempotencyKey: string | null
  /**
   * What an execution gets that stands in the way (see `exclusive`), once and at the same moment; from then on
   * the idempotency key means that execution.
   */
  readonly instead?: InboxEvent
  readonly now: number
  /** Claim it at once; false where this process is full. */
  readonly claim: boolean
}

export type Created =
  | { readonly outcome: 'created'; readonly claim: Claim | null }
  /** This one has taken the event `instead`, and is claimed if asked and if nobody held it. */
  | { readonly outcome: 'delivered'; readonly sid: string; readonly claim: Claim | null }
  /** `repeated` also where the event `instead` was delivered or consumed before. */
  | { readonly outcome: 'conflict' | 'repeated'; readonly sid: string }

export type Delivered =
  | { readonly outcome: 'claimed'; readonly claim: Claim }
  /** Durable, and whoever holds the execution, or claims it next, will take it. */
  | { readonly outcome: 'queued' }
  /** This event id was delivered or consumed before, even where it has ended since; nothing has changed. */
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'ended' }
  | { readonly outcome: 'unknown' }

export interface Commit {
  readonly execution: Execution
  /** Steps taken since the last commit; appended. */
  readonly steps: readonly Step[]
  /** Ids of events that are done with, from the inbox or found otherwise; never delivered again. */
  readonly consumed: readonly string[]
  /** The next moment at which somebody must look at the execution; null for never. */
  readonly dueAt: number | null
  /** Keep the claim, with a new lease, whatever the inbox holds: the turn goes on. */
  readonly hold: boolean
  readonly now: number
}

/** A place in a list that is sorted newest first; stays good while executions come and go. */
export interface Position {
  readonly createdAt: number
  readonly sid: string
}

export interface ExecutionQuery {
  readonly flowSid: string
  readonly status?: Execution['status']
  readonly createdFrom?: number
  /** Exclusive. */
  readonly createdBefore?: number
  readonly to?: string
  /** Among the attachments of the execution, whether or not it became the channel. */
  readonly conversationSid?: string
  /** Only those after this place (older), or before it (newer); those nearest to it. */
  readonly older?: Position
  readonly newer?: Position
  readonly limit: number
}

/**
 * Executions, their inboxes, steps and due times. Every method is atomic and durable when it resolves:
 * a process killed afterwards loses nothing of it. All may be called at once from many processes.
 */
export interface ExecutionStore {
  /** A new SID, carrying the shard that this flow and contact belong to. */
  newSid(flowSid: string, contactSid: string): string
  /**
   * Exactly one of several exclusive creates for one contact wins; the others learn who did. An event that
   * is delivered `instead` is never lost between the end of one execution and the beginning of the next.
   */
  create(entry: NewEntry): Promise<Created>
  /**
   * Takes the event once, and claims the execution if asked and if nobody holds it. An event that only
   * queues makes the execution due at once.
   */
  deliver(
    sid: string,
    event: InboxEvent,
    options: { readonly now: number; readonly claim: boolean }
  ): Promise<Delivered>
  /**
   * Claims one execution, ended or not, and due or not if not said otherwise; null where somebody holds it or it
   * is unknown.
   */
  claim(sid: string, now: number, options?: { readonly onlyDue: boolean }): Promise<Claim | null>
  /** Claims executions whose due time has come (timers, orphans, retries, retention); each goes to one caller. */
  claimDue(now: number, limit: number): Promise<readonly Claim[]>
  /**
   * Saves a turn, all or nothing, and hands back the events that came in meanwhile. Where there are some,
   * or on `hold`, the claim goes on with a new lease; otherwise it is let go. Throws `FenceLost`, and saves
   * nothing, when somebody else has claimed the execution since.
   */
  commit(claim: Claim, commit: Commit): Promise<readonly InboxEvent[]>
  /** A new lease, from `now` on, for a turn that takes long; or none, where `now` lies a lease back. False when the claim is lost. */
  renew(claim: Claim, now: number): Promise<boolean>
  /** Forgets the execution, its steps and its indexes. Throws `FenceLost` as `commit` does. */
  remove(claim: Claim): Promise<void>
  fetch(sid: string): Promise<Execution | null>
  /** In the order in which they were taken. */
  fetchSteps(sid: string): Promise<readonly Step[]>
  /** Newest first, without those that were deleted and still have something to undo; of those created in the same millisecond, the one with the greatest SID first. */
  list(query: ExecutionQuery): Promise<readonly Execution[]>
}

/** One saved state of a flow. Each save is a new revision, and none ever changes. */
export interface FlowRevision {
  readonly flowSid: string
  readonly revision: number
  readonly friendlyName: string
  readonly status: 'draft' | 'published'
  /** As it was given; a draft may be faulty. */
  readonly definition: unknown
  readonly faults: readonly FlowFault[]
  readonly commitMessage: string | null
  /** A `US` SID, or null. */
  readonly authorSid: string | null
  /** When the flow was created, and when this revision was. */
  readonly flowCreatedAt: number
  readonly createdAt: number
}

export type { RevisionChoice }

export interface FlowStore {
  /** False, and nothing saved, unless `revision` is one more than the latest one (1 for a new flow). */
  saveRevision(revision: FlowRevision): Promise<boolean>
  fetchRevision(flowSid: string, choice: RevisionChoice): Promise<FlowRevision | null>
  /** Newest first. */
  listRevisions(flowSid: string): Promise<readonly FlowRevision[]>
  /** The latest revision of every flow, the newest flow first. */
  listFlows(): Promise<readonly FlowRevision[]>
  removeFlow(flowSid: string): Promise<boolean>
  /** Addresses of people whose executions get the latest draft. */
  fetchTestUsers(flowSid: string): Promise<readonly string[]>
  saveTestUsers(flowSid: string, addresses: readonly string[]): Promise<void>
}

/** Small texts by name that the processes of one service share. */
export interface NoteStore {
  fetchNote(name: string): Promise<string | null>
  /** Writes the note where it still is what the caller read (null: nothing); false, and nothing written, otherwise. Of several at once one wins. */
  replaceNote(name: string, before: string | null, after: string): Promise<boolean>
}

/** All stores over one connection or file. */
export interface Store {
  readonly executions: ExecutionStore
  readonly flows: FlowStore
  readonly notes: NoteStore
  /** Resolves when the store answers, rejects with the reason when it does not. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** A message read back from a Conversation. */
export interface ReceivedMessage {
  readonly sid: string
  readonly index: number
  /** The effect id it carries when a flow of ours sent it. */
  readonly sentBy: string | null
  /** The parameters that its `onMessageAdded` webhook would have had. */
  readonly payload: Readonly<Record<string, string>>
}

export interface OurWebhook {
  readonly webhookSid: string
  /** It leads to where this service is reached now; false for one made under another PUBLIC_URL. */
  readonly current: boolean
}

/** A webhook that leads to some execution, of this service or of another one like it. */
export interface ExecutionWebhook extends OurWebhook {
  readonly executionSid: string
}

/**
 * Twilio Conversations. Every method throws `CallFailed` when it does not succeed. Rate limits never show:
 * a call waits for its turn, however long that takes, and throws `Stopping` where the process stops meanwhile.
 * Writes to one Conversation are made one after another. A call that may be repeated safely has been, before
 * it fails.
 */
export interface Conversations {
  fetch(conversation: ConversationRef): Promise<Conversation>
  /** All of them, page after page. */
  participants(conversation: ConversationRef): Promise<readonly Participant[]>
  addWebhook(
    conversation: ConversationRef,
    executionSid: string
  ): Promise<{ readonly webhookSid: string }>
  /** The webhooks that lead to this execution; never anybody else's. */
  findWebhooks(conversation: ConversationRef, executionSid: string): Promise<readonly OurWebhook[]>
  /** Those that lead to any execution, also of other services like this one; throws where the Conversation is gone. */
  listWebhooks(conversation: ConversationRef): Promise<readonly ExecutionWebhook[]>
  /** Fine when it is gone already. */
  removeWebhook(conversation: ConversationRef, webhookSid: string): Promise<void>
  /** A new one, found again under this unique name. */
  create(conversation: NewConversation, uniqueName: string): Promise<Conversation>
  addParticipant(participant: NewParticipant): Promise<Participant>
  /** Fine when it is gone already. */
  delete(conversation: ConversationRef): Promise<void>
  /** The effect id goes into the message's attributes, beside the author's own. */
  send(message: OutgoingMessage, effectId: string): Promise<SentMessage>
  /** The message that carries this effect id, looking back no further than `since`; null if there is none. */
  findSent(
    conversation: ConversationRef,
    effectId: string,
    since: number
  ): Promise<SentMessage | null>
  /** Messages with a greater index, oldest first. */
  messagesAfter(conversation: ConversationRef, index: number): Promise<readonly ReceivedMessage[]>
  /** Fine when it is closed already. */
  close(conversation: ConversationRef): Promise<void>
}

/** Agents, in Flex. Throws `CallFailed`. */
export interface Agents {
  /** Creates the interaction with its task; answers what templates find at `widgets.NAME`. */
  handOver(interaction: NewInteraction): Promise<JsonObject>
}

/** Servers that flows name. */
export interface HttpCaller {
  /** Throws `CallFailed` where there is no answer to use: no connection, too slow, too large, not allowed. */
  call(request: HttpRequest, idempotencyKey: string): Promise<HttpAnswer>
}

/** The only source of time: tests put their own in its place. */
export interface Clock {
  now(): number
  /** Milliseconds since some moment; never set back. */
  elapsed(): number
  /** Milliseconds of those in which this process had nothing to do. */
  idle(): number
  /** Throws `Stopping` where the process stops meanwhile, or has stopped. */
  sleep(ms: number): Promise<void>
  /** Calls again and again until the returned function is called; never keeps the process alive. */
  every(ms: number, call: () => void): () => void
}

export interface Ids {
  /** 32 random hex digits. */
  random(): string
  /** 32 hex digits that follow from the text. */
  of(text: string): string
}

/** Structured log lines; never message bodies or addresses. */
export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}
