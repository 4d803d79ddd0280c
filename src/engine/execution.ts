import type { State } from '../flow/schema.ts'
import type { Context, Write } from './context.ts'
import type { Effect } from './effect.ts'
import type { Json } from './json.ts'

/** One person's journey through one flow, pinned to one revision of it. Times are epoch milliseconds. */
export interface Execution {
  /** `FN` and 32 hex digits; the first four digits are the number of its shard. */
  readonly sid: string
  readonly accountSid: string
  readonly flowSid: string
  readonly flowRevision: number
  /** In `stepwise` a caller decides what runs next, one widget at a time. */
  readonly mode: 'flow' | 'stepwise'
  readonly status: 'active' | 'ended'
  readonly createdAt: number
  readonly updatedAt: number
  readonly to: string
  readonly from: string
  readonly contactSid: string
  readonly initiatedBy: string
  /** The event by which the trigger widget is left. */
  readonly triggeredBy: TriggerEvent
  /** Where it stands; the last frame is the running flow, the ones before it its parents. */
  readonly frames: readonly Frame[]
  readonly pause: Pause | null
  readonly context: Context
  readonly contextSize: number
  /** Put into the context, and not yet kept on a step: the next one to be recorded has it. */
  readonly unrecorded: readonly Write[]
  /** Widgets entered so far; numbers visits, their steps' SIDs and their effects' ids. */
  readonly visitCount: number
  /** Steps recorded so far. */
  readonly stepCount: number
  readonly streak: { readonly widget: string; readonly length: number }
  readonly attachments: readonly Attachment[]
  /** What went wrong or was ignored, oldest first, bounded by `Limits.problems`. */
  readonly problems: readonly Problem[]
  readonly end: End | null
  readonly teardown: Teardown | null
}

/** https://www.twilio.com/docs/studio/widget-library/trigger-start */
export type TriggerEvent = 'incomingRequest' | 'incomingConversationMessage' | 'incomingMessage'

export interface Frame {
  readonly flowSid: string
  readonly revision: number
  /** The widget that is running; null before the first and, stepwise, between two. */
  readonly widget: string | null
  /** A widget that a caller gave inline, part of no flow. */
  readonly inline?: State | undefined
  readonly enteredAt: number
  /** The number of the visit to that widget. */
  readonly visit: number
  /** Effects that this visit has asked for; numbers their ids. */
  readonly requests: number
  /** The request that asked for this single step. */
  readonly requestId?: string | undefined
  /** After the single step, follow the flow's own transitions. */
  readonly handOver?: boolean | undefined
  /** In a subflow: the step that called it, and what the context held that comes back afterwards. */
  readonly caller?: Caller
}

export interface Caller {
  readonly stepSid: string
  readonly context: {
    readonly trigger: Json
    readonly widgets: Json
    readonly variables: Json
    readonly flowSid: Json
  }
}

/** What an execution waits for. `memory` is the widget's own, given back when it is resumed. */
export type Pause =
  | { readonly type: 'effect'; readonly effect: Effect; readonly memory: Json }
  | { readonly type: 'step' }
  | ReplyPause

export interface ReplyPause {
  readonly type: 'reply'
  /** Names this wait and no other, so that a stale timer is told from a due one. */
  readonly token: string
  /** Only a message with a greater Conversation index is an answer. */
  readonly afterIndex: number
  readonly since: number
  readonly until: number
  readonly memory: Json
  /** Absent before the Conversation was first looked at. */
  readonly look?: Look
  /** The Conversation has been read back up to this index: no earlier reply is missing. */
  readonly readTo?: number
}

/** How it goes to read a Conversation back for replies that nobody has told of. */
export interface Look {
  /** When it was last read; null where that has not succeeded yet. */
  readonly at: number | null
  /** When it is read next. */
  readonly next: number
  /** Looks in a row that came to nothing; 0 after one that succeeded. */
  readonly failures: number
}

/** A Conversation that a widget addressed, and where a webhook of ours may therefore be. */
export interface Attachment {
  readonly visit: number
  readonly conversationSid: string
  readonly serviceSid: string | null
  /** The Conversation became the channel; false while or where attaching did not succeed. */
  readonly attached: boolean
  readonly close: boolean
  /** We made it ourselves, so where attaching failed it is deleted. */
  readonly created?: boolean
}

/** Something a person should know, with Studio's code for it: https://www.twilio.com/docs/api/errors */
export interface Problem {
  /** Studio's or Twilio's error code; null where neither has one. */
  readonly code: number | null
  readonly message: string
  readonly at: number
  readonly widget?: string
  /** The step during which it happened. */
  readonly stepSid?: string
  /** The event that was ignored. */
  readonly eventId?: string
}

export interface End {
  readonly reason: 'completed' | 'failed' | 'api' | 'replaced' | 'deleted' | 'expired'
  readonly at: number
}

/** What is left to undo after the end, in order, and how the tries so far went. */
export interface Teardown {
  readonly tasks: readonly TeardownTask[]
  readonly attempts: number
  readonly nextAt: number
  readonly lastError: string | null
}

export interface TeardownTask {
  readonly type: 'remove-webhook' | 'close-conversation' | 'delete-conversation'
  readonly conversationSid: string
  readonly serviceSid: string | null
  /** False where attaching failed: then a refusal that will not change ends the task. */
  readonly certain: boolean
}

/** One visit to one widget, recorded when the widget is left: https://www.twilio.com/docs/studio/rest-api/v2/step */
export interface Step {
  readonly sid: string
  /** Its place in the order in which steps were recorded. */
  readonly number: number
  /** In a subflow: the step that called it, which is recorded after those of the subflow. */
  readonly parentSid: string | null
  readonly widget: string
  readonly type: string
  /** The event that caused the transition. */
  readonly transition: string
  /** The widget that followed, `Ended`, or null where a caller decides. */
  readonly next: string | null
  readonly enteredAt: number
  readonly leftAt: number
  readonly writes: readonly Write[]
  readonly requestId?: string
}

/** A step's SID follows from its execution and its visit, so it is the same when a turn is repeated. */
export const stepSid = (executionSid: string, visit: number): string =>
  `FT${executionSid.slice(2, 30)}${visit.toString(16).padStart(4, '0')}`

export type NewExecution = Pick<
  Execution,
  | 'sid'
  | 'accountSid'
  | 'flowSid'
  | 'flowRevision'
  | 'mode'
  | 'createdAt'
  | 'to'
  | 'from'
  | 'contactSid'
  | 'initiatedBy'
  | 'triggeredBy'
>

/** An execution that has yet to take its `triggered` event. */
export function newExecution(start: NewExecution): Execution {
  return {
    status: 'active',
    updatedAt: start.createdAt,
    frames: [
      {
        flowSid: start.flowSid,
        revision: start.flowRevision,
        widget: null,
        enteredAt: start.createdAt,
        visit: 0,
        requests: 0
      }
    ],
    pause: null,
    context: {},
    contextSize: 0,
    unrecorded: [],
    visitCount: 0,
    stepCount: 0,
    streak: { widget: '', length: 0 },
    attachments: [],
    problems: [],
    end: null,
    teardown: null,
    // Last, as it takes long to give members to an object that began as a copy.
    ...start
  }
}
