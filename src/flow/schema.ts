import { type Static, Type } from 'typebox'

// The JSON that Studio exports and its REST API takes: https://www.twilio.com/docs/studio/rest-api/v2/schemas
// Real exports carry keys that no document names, so unknown keys are accepted everywhere and ignored.

/** A name that Liquid can reach as `widgets.NAME`: https://www.twilio.com/docs/studio/user-guide/get-started */
const WidgetName = Type.String({ pattern: '^[A-Za-z][^\\s.]*$', maxLength: 256 })

const Condition = Type.Object({
  friendly_name: Type.Optional(Type.String()),
  arguments: Type.Optional(Type.Array(Type.String())),
  type: Type.String(),
  value: Type.Union([Type.String(), Type.Number(), Type.Boolean()])
})

export const Transition = Type.Object({
  event: Type.String({ minLength: 1 }),
  next: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  conditions: Type.Optional(Type.Array(Condition))
})
export type Transition = Static<typeof Transition>

/** One widget as it stands in a flow. Studio's JSON calls it a state. */
export const State = Type.Object({
  name: WidgetName,
  type: Type.String(),
  transitions: Type.Array(Transition),
  properties: Type.Optional(Type.Record(Type.String(), Type.Unknown()))
})
export type State = Static<typeof State>

export const Definition = Type.Object({
  description: Type.Optional(Type.String()),
  initial_state: Type.String({ minLength: 1 }),
  states: Type.Array(State, { minItems: 1, maxItems: 2000 }),
  flags: Type.Optional(Type.Object({ allow_concurrent_calls: Type.Optional(Type.Boolean()) }))
})
export type Definition = Static<typeof Definition>
