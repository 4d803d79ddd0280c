import type { CatalogEntry } from '../flow/flow.ts'
import type { Transition } from '../flow/schema.ts'
import type { Context, Write } from './context.ts'
import type { EffectRequest } from './effect.ts'
import type { EffectSettled, MessageReceived, TimedOut } from './event.ts'
import type { Attachment } from './execution.ts'
import type { Json, JsonObject } from './json.ts'
import type { Limits } from './limits.ts'

/** The contract of a widget type. Pure: it decides, and leaves the doing to effects. */
export interface Widget extends CatalogEntry {
  readonly type: string
  /** Called when the widget is entered. */
  run(visit: Visit): Outcome
  /** Called when what it waited or asked for has come. Only widgets that pause or request have it. */
  resume?(visit: Visit, event: Resumption, memory: Json): Outcome
  /** Called when the subflow it called is over, with the variables set there. */
  returned?(visit: Visit, completed: boolean, variables: JsonObject): Outcome
}
export type Widgets = Readonly<Record<string, Widget>>
export type Resumption = MessageReceived | TimedOut | EffectSettled

/** What a widget sees of the execution during one visit. */
export interface Visit<Properties = unknown> {
  readonly name: string
  readonly properties: Properties
  readonly transitions: readonly Transition[]
  readonly context: Context
  readonly execution: {
    readonly sid: string
    /** Of the flow that is running; in a subflow, the subflow's. */
    readonly flowSid: string
    readonly stepSid: string
    readonly triggeredBy: string
    /** 1, and in a subflow one more for each level. */
    readonly depth: number
  }
  /** Epoch milliseconds. */
  readonly now: number
  readonly limits: Limits
  /** Liquid rendered against the context; faults are recorded on the step as 81018. */
  render(template: string): string
  /** True where the pattern matches the whole text; an impossible or runaway pattern is recorded and false. */
  matches(pattern: string, text: string): boolean
  /** Records a problem on the step; the visit goes on. */
  warn(code: number | null, message: string): void
}

/** What a visit comes to: leave, wait for a reply, ask for an effect, or end the execution as failed. */
export type Outcome =
  | Go
  | {
      readonly type: 'wait'
      readonly afterIndex: number
      readonly timeoutMs: number
      readonly memory: Json
    }
  | {
      readonly type: 'request'
      readonly effect: EffectRequest
      readonly memory: Json
      readonly attachment?: VisitAttachment
    }
  | Call
  | Fail

/** Runs another flow, which has been loaded, and comes back with `returned`. */
export interface Call {
  readonly type: 'call'
  readonly flowSid: string
  readonly revision: number
  /** What the subflow finds at `trigger.parent`. */
  readonly parent: JsonObject
}

/** Nothing in the flow can go on from here: the execution ends, and says why. */
export interface Fail {
  readonly type: 'fail'
  readonly code: number | null
  readonly message: string
  /** A limit: not even the caller of a subflow goes on. */
  readonly final?: boolean
}

export interface Go {
  readonly type: 'go'
  readonly event: string
  /** Which of several transitions of that event, as its place in the widget's transitions. */
  readonly place?: number
  readonly writes: readonly Write[]
  readonly attachment?: VisitAttachment
}

/** The Conversation that this visit addresses; a later one of the same visit replaces it. */
export type VisitAttachment = Omit<Attachment, 'visit'>

export interface Rendered {
  readonly text: string
  /** A sentence for Studio's warning 81018, or null. */
  readonly fault: string | null
}

/** What the engine is given from outside; synchronous, and the same answers for the same questions. */
export interface Env {
  readonly widgets: Widgets
  readonly limits: Limits
  render(template: string, scope: object, now: number): Rendered
  /** Null where the pattern is not one or takes too long. */
  matches(pattern: string, text: string): boolean | null
}
