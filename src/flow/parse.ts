import type { TSchema } from 'typebox'
import { Errors } from 'typebox/schema'
import { Settings } from 'typebox/system'
import { checkDefinition } from './check.ts'
import type { Catalog, Flow, FlowFault } from './flow.ts'
import { Definition, type State } from './schema.ts'

// The validator stops after eight errors by itself; authors want to see all of them.
Settings.Set({ maxErrors: 1000 })

export type Parsed =
  | { readonly ok: true; readonly flow: Flow }
  | { readonly ok: false; readonly faults: readonly FlowFault[] }

/**
 * Reads a flow definition, as JSON text or already as a value, and reports every fault at once.
 * Checks its shape, each widget's properties against the catalog, and how the widgets hang together.
 */
export function parseFlow(source: unknown, catalog: Catalog): Parsed {
  const value = typeof source === 'string' ? readJson(source) : { json: source }
  if ('fault' in value) return refused([{ propertyPath: '#', message: value.fault }])

  const shape = shapeFaults(Definition, value.json, '#')
  if (shape.length > 0) return refused(shape)
  const definition = value.json as Definition

  const faults = [
    ...definition.states.flatMap((state, index) => propertyFaults(state, index, catalog)),
    ...checkDefinition(definition, catalog)
  ]
  return faults.length > 0 ? refused(faults) : { ok: true, flow: toFlow(definition) }
}

const refused = (faults: readonly FlowFault[]): Parsed => ({ ok: false, faults })

const toFlow = (definition: Definition): Flow => ({
  definition,
  initialWidget: definition.initial_state,
  widgets: new Map(definition.states.map(state => [state.name, state]))
})

function readJson(text: string): { json: unknown } | { fault: string } {
  try {
    return { json: JSON.parse(text) }
  } catch (error) {
    return { fault: `The definition is not JSON: ${(error as Error).message}` }
  }
}

function propertyFaults(state: State, index: number, catalog: Catalog): FlowFault[] {
  const entry = Object.hasOwn(catalog, state.type) ? catalog[state.type] : undefined
  return entry
    ? shapeFaults(entry.properties, state.properties ?? {}, `#/states/${index}/properties`)
    : []
}

/** Every way in which a value misses a schema; a failed union is told once, by its own path. */
export function shapeFaults(schema: TSchema, value: unknown, base: string): FlowFault[] {
  const [, errors] = Errors(schema as Parameters<typeof Errors>[0], value)
  return errors
    .filter(error => !error.schemaPath.includes('/anyOf/'))
    .map(error => ({
      propertyPath: base + error.instancePath,
      message:
        error.keyword === 'anyOf'
          ? `must be ${alternatives(schema, error.schemaPath)}`
          : error.message
    }))
}

function alternatives(schema: TSchema, schemaPath: string): string {
  let at: unknown = schema
  for (const key of schemaPath.split('/').slice(1)) at = (at as Record<string, unknown>)[key]
  const options = (at as { anyOf?: { type?: string; const?: unknown }[] }).anyOf ?? []
  return options.map(option => option.type ?? JSON.stringify(option.const)).join(' or ')
}
