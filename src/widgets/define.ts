import { type Static, type TSchema, Type } from 'typebox'
import type { Write } from '../engine/context.ts'
import type { Json, JsonObject } from '../engine/json.ts'
import type { Fail, Go, Outcome, Resumption, Visit, Widget } from '../engine/widget.ts'

interface WidgetDefinition<Properties extends TSchema> {
  /** Studio's own name of the type. */
  readonly type: string
  readonly properties: Properties
  readonly transitions: readonly string[]
  readonly restOnly?: boolean
  readonly run: (visit: Visit<Static<Properties>>) => Outcome
  readonly returned?: (
    visit: Visit<Static<Properties>>,
    completed: boolean,
    variables: JsonObject
  ) => Outcome
  readonly resume?: (visit: Visit<Static<Properties>>, event: Resumption, memory: Json) => Outcome
}

/** A widget whose `run` and `resume` see properties of the schema's type; parsing a flow has checked them. */
export const defineWidget = <Properties extends TSchema>(
  definition: WidgetDefinition<Properties>
): Widget => definition as unknown as Widget

/** Leaves by a transition. `output` is what templates then find at `widgets.NAME`. */
export function go(
  visit: Pick<Visit, 'name'>,
  event: string,
  output?: Json,
  also: readonly Write[] = []
): Go {
  const own = output === undefined ? [] : [{ path: ['widgets', visit.name], value: output }]
  return { type: 'go', event, writes: [...own, ...also] }
}

export const fail = (code: number | null, message: string): Fail => ({
  type: 'fail',
  code,
  message
})

/** Text that may hold Liquid. */
export const Template = Type.String()

/** Exports write numbers as text, as numbers, or as templates. */
export const NumberTemplate = Type.Union([Type.String(), Type.Number()])

/** Exports write booleans as such or as text. */
export const Flag = Type.Union([Type.Boolean(), Type.Literal('true'), Type.Literal('false')])

export const isSet = (flag: Static<typeof Flag> | undefined): boolean =>
  flag === true || flag === 'true'
