import type { TSchema } from 'typebox'
import type { Definition, State } from './schema.ts'

/** A definition that passed every check, with its widgets by name. */
export interface Flow {
  readonly definition: Definition
  readonly initialWidget: string
  readonly widgets: ReadonlyMap<string, State>
}

/** One fault of a definition, as Studio's REST API words it: https://www.twilio.com/docs/api/errors/81022 */
export interface FlowFault {
  /** Where it is, as in `#/states/3/properties/timeout`; indexes count from 0. */
  readonly propertyPath: string
  readonly message: string
}

/** What parsing must know about a widget type; the engine's widgets are catalog entries as they are. */
export interface CatalogEntry {
  readonly properties: TSchema
  /** The events a transition may name; null when nobody has written them down. */
  readonly transitions: readonly string[] | null
  /** The widget works only where a REST trigger (or a parent flow) leads to it. */
  readonly restOnly?: boolean
}
export type Catalog = Readonly<Record<string, CatalogEntry>>
