import type { Catalog, FlowFault } from './flow.ts'
import type { Definition, State, Transition } from './schema.ts'

/** The faults that no schema sees: names used twice, transitions into nowhere, events a widget does not have. */
export function checkDefinition(definition: Definition, catalog: Catalog): FlowFault[] {
  const names = new Set(definition.states.map(state => state.name))
  const initial = names.has(definition.initial_state)
    ? []
    : [fault('#/initial_state', `names no widget of this flow: ${definition.initial_state}`)]
  return [
    ...initial,
    ...duplicateNames(definition),
    ...definition.states.flatMap((state, index) => checkState(state, index, names, catalog)),
    ...restOnlyWidgets(definition, catalog)
  ]
}

const fault = (propertyPath: string, message: string): FlowFault => ({ propertyPath, message })

function duplicateNames(definition: Definition): FlowFault[] {
  const seen = new Set<string>()
  return definition.states.flatMap(({ name }, index) => {
    const taken = seen.has(name)
    seen.add(name)
    return taken ? [fault(`#/states/${index}/name`, `is used by another widget: ${name}`)] : []
  })
}

function checkState(
  state: State,
  index: number,
  names: Set<string>,
  catalog: Catalog
): FlowFault[] {
  const path = `#/states/${index}`
  if (!Object.hasOwn(catalog, state.type)) {
    const known = Object.keys(catalog).sort().join(', ')
    return [
      fault(`${path}/type`, `is not a widget type: ${state.type}. It must be one of ${known}`)
    ]
  }
  const events = catalog[state.type]?.transitions ?? null
  return state.transitions.flatMap((transition, place) => {
    const at = `${path}/transitions/${place}`
    return [
      ...(events === null || events.includes(transition.event)
        ? []
        : [
            fault(
              `${at}/event`,
              `${state.type} has no event ${transition.event}. It must be one of ${events.join(', ')}`
            )
          ]),
      ...(!transition.next || names.has(transition.next)
        ? []
        : [fault(`${at}/next`, `names no widget of this flow: ${transition.next}`)])
    ]
  })
}

/** Which trigger events start an execution that may still be given a Conversation. */
const restEvents = ['incomingRequest', 'incomingParent']

function restOnlyWidgets(definition: Definition, catalog: Catalog): FlowFault[] {
  const byName = new Map(definition.states.map(state => [state.name, state]))
  const trigger = byName.get(definition.initial_state)
  if (trigger?.type !== 'trigger') return []
  const isRest = ({ event }: Transition) => restEvents.includes(event)
  const rest = reach(trigger.transitions.filter(isRest), byName)
  const other = reach(
    trigger.transitions.filter(transition => !isRest(transition)),
    byName
  )
  return definition.states.flatMap((state, index) =>
    catalog[state.type]?.restOnly && other.has(state.name) && !rest.has(state.name)
      ? [
          fault(
            `#/states/${index}/type`,
            `${state.name} (${state.type}) works only in executions started by the REST API, and no REST trigger leads to it`
          )
        ]
      : []
  )
}

function reach(from: readonly Transition[], byName: ReadonlyMap<string, State>): Set<string> {
  const reached = new Set<string>()
  const open = [...from]
  for (let transition = open.pop(); transition; transition = open.pop()) {
    const next = transition.next ? byName.get(transition.next) : undefined
    if (!next || reached.has(next.name)) continue
    reached.add(next.name)
    open.push(...next.transitions)
  }
  return reached
}
