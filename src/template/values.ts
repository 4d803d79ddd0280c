// How values become text and numbers and are compared. Everything here pays for its work from the
// render's budget, because a template can point at one large value any number of times.
import { type Context, toValue } from 'liquidjs'

/** What a render may still spend, mostly kept by liquidjs; it throws when it is used up. */
export interface Budget {
  readonly memoryLimit: Pick<Context['memoryLimit'], 'use'>
}

export function makeBudget(limit: number): Budget {
  let left = limit
  return {
    memoryLimit: {
      use(count) {
        left -= count
        if (left < 0) throw new Error('The budget is used up')
      }
    }
  }
}

/** The text a value prints as: objects and lists as JSON, a missing value as nothing. */
export function toText(value: unknown, budget: Budget): string {
  const plain: unknown = toValue(value)
  if (typeof plain === 'object' && plain !== null) return toJson(plain, budget)
  const text = plain === undefined || plain === null ? '' : String(plain)
  budget.memoryLimit.use(text.length)
  return text
}

/**
 * JSON of any value; what JSON cannot say is null. Lists go item by item, so that the budget can
 * stop a long one.
 */
export function toJson(value: unknown, budget: Budget): string {
  if (Array.isArray(value)) {
    budget.memoryLimit.use(value.length + 1)
    return `[${value.map(item => toJson(item, budget)).join(',')}]`
  }
  const text = JSON.stringify(toValue(value)) ?? 'null'
  budget.memoryLimit.use(text.length)
  return text
}

/** The leading number of a text, as `"2" | plus: 1` needs it; 0 for whatever is no number. */
export function toNumber(value: unknown): number {
  const plain: unknown = toValue(value)
  const number =
    typeof plain === 'number' ? plain : typeof plain === 'string' ? Number.parseFloat(plain) : 0
  return Number.isFinite(number) ? number : 0
}

export function toInteger(value: unknown): number {
  return Math.trunc(toNumber(value))
}

/** How many characters, items or keys a value has. */
export function sizeOf(value: unknown, budget: Budget): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? keysOf(value, budget).length : 0
}

/** An object's own names. Listing those of a large one is slow, and priced so. */
export function keysOf(value: object, budget: Budget): readonly string[] {
  const keys = Object.keys(value)
  budget.memoryLimit.use(keys.length * 8)
  return keys
}

/** Equal by value for texts, numbers and lists; a missing value equals nil. */
export function same(left: unknown, right: unknown, budget: Budget): boolean {
  const a: unknown = toValue(left) ?? null
  const b: unknown = toValue(right) ?? null
  if (typeof a === 'string' && typeof b === 'string' && a.length === b.length) {
    budget.memoryLimit.use(a.length)
  }
  if (a === b || !Array.isArray(a) || !Array.isArray(b)) return a === b
  budget.memoryLimit.use(a.length)
  return a.length === b.length && a.every((item, index) => same(item, b[index], budget))
}

/** Negative, zero or positive; NaN, which satisfies no comparison, when the two have no order. */
export function compare(left: unknown, right: unknown, budget: Budget): number {
  const a: unknown = toValue(left)
  const b: unknown = toValue(right)
  if (typeof a === 'string' && typeof b === 'string') {
    budget.memoryLimit.use(Math.min(a.length, b.length) + 1)
    return a < b ? -1 : a > b ? 1 : 0
  }
  return numeral(a) - numeral(b)
}

// Number('') is 0, but an empty text is no number to compare.
function numeral(value: unknown): number {
  if (typeof value === 'string' && value.trim() !== '') return Number(value)
  return typeof value === 'number' ? value : Number.NaN
}
