// What a template may look at: the own properties of plain data, and nothing a prototype carries.
import { Context, Drop, type Liquid, toValue } from 'liquidjs'
import { type Budget, sizeOf } from './values.ts'

/** One render's variables. A class only because liquidjs asks its context for every property. */
export class Scope extends Context {
  readonly now: number

  constructor(data: object, engine: Liquid, now: number) {
    // The copy is what `increment` writes to, and it has no prototype for a name to be found on.
    super({ __proto__: null, ...data }, engine.options, { sync: true }, { liquid: engine })
    this.now = now
  }

  override readProperty(from: unknown, name: unknown): unknown {
    return readProperty(from, toValue(name), this)
  }
}

/**
 * Reads `from.name` as Liquid does, with its `size`, `first` and `last`; undefined for all that is
 * not there.
 */
export function readProperty(from: unknown, name: unknown, budget: Budget): unknown {
  if (typeof name !== 'string' && typeof name !== 'number') return undefined
  if (typeof from === 'object' && from !== null && !(from instanceof Drop)) {
    if (Array.isArray(from)) return readItem(from, name)
    if (Object.hasOwn(from, name)) return Reflect.get(from, name)
  } else if (typeof from !== 'string') return undefined
  return name === 'size' ? sizeOf(from, budget) : undefined
}

function readItem(list: readonly unknown[], name: string | number): unknown {
  if (name === 'size') return list.length
  if (name === 'first') return list[0]
  if (name === 'last') return list.at(-1)
  // An index kept in a variable is often a text, and a path may spell it `list.0`.
  return /^-?\d+$/.test(String(name)) ? list.at(Number(name)) : undefined
}
