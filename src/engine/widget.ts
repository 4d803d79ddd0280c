import type { CatalogEntry } from '../flow/flow.ts'
import type { Transition } from '../flow/schema.ts'
import type { Context, Write } from './context.ts'
import type { EffectRequest } from './effect.ts'
import type { EffectSettled, MessageReceived, TimedOut } from './event.ts'
import type { Attachment } from './execution.ts'
import type { Json } from './json.ts'
import type { Limits } from './limits.ts'

/** The contract of a widget type. Pure: it decides, and leaves the doing to effects. */
export interface Widget extends CatalogEntry {
  readonly type: string
  /** Called when the widget is entered. */
  run(visit: Visit): Outcome
  /** Called when what it waited or asked for has come. Only widgets that pause or request have it. */
  resume?(visit: Visit, event: Resumption, memory: Json): Outcome
}
export type Widgets = Readonly<Record<string, Widget>>
export type Resumption = MessageReceived | TimedOut | EffectSettled

/** What a widget sees of the execution during one visit. */
export interface Visit<Properties = unknown> {
  readonly name: string
  readonly properties: Properties
  readonly transitions: readonly Transition[]
  readonly context: Context
  readonly execution: { readonly sid: string; readonly triggeredBy: string; readonly depth: number }
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
  | Fail

/** Nothing in the flow can go on from here: the execution ends, and says why. */
export interface Fail {
  readonly type: 'fail'
  readonly code: number | null
  readonly message: string
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
export type VisitAttachment = Omit<Attachment, 'step'>

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
