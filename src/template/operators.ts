import { type Context, Drop, defaultOperators, toValue } from 'liquidjs'
import { compare, same, sizeOf, toText } from './values.ts'

// Looking through a text is so much cheaper than making one.
const charactersPerUnit = 16

/**
 * liquidjs's operators, with comparisons that pay from the budget and tell a number from a numeral.
 */
export const operators: typeof defaultOperators = {
  ...defaultOperators,
  '==': isEqual,
  *'!='(left: unknown, right: unknown, context: Context) {
    const equal: unknown = yield isEqual(left, right, context)
    return !equal
  },
  '>': (left: unknown, right: unknown, context: Context) => compare(left, right, context) > 0,
  '<': (left: unknown, right: unknown, context: Context) => compare(left, right, context) < 0,
  '>=': (left: unknown, right: unknown, context: Context) => compare(left, right, context) >= 0,
  '<=': (left: unknown, right: unknown, context: Context) => compare(left, right, context) <= 0,
  contains
}

/**
 * A boolean, or for the literals `nil`, `empty` and `blank` the generator liquidjs runs to get one.
 */
export function isEqual(left: unknown, right: unknown, context: Context) {
  if (!(left instanceof Drop || right instanceof Drop)) return same(left, right, context)
  for (const side of [toValue(left), toValue(right)]) {
    if (typeof side === 'string') context.memoryLimit.use(side.length / charactersPerUnit)
    else sizeOf(side, context)
  }
  return defaultOperators['==']?.(left, right, context) ?? false
}

function contains(whole: unknown, part: unknown, context: Context): boolean {
  if (Array.isArray(whole)) return whole.some(item => same(item, part, context))
  const text = toText(part, context)
  if (typeof whole === 'string') {
    context.memoryLimit.use(whole.length / charactersPerUnit)
    return text !== '' && whole.includes(text)
  }
  return typeof whole === 'object' && whole !== null && Object.hasOwn(whole, text)
}
