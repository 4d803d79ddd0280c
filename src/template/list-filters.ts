import { type Context, type FilterImplOptions, isTruthy, toValue } from 'liquidjs'
import { dropNoise } from './number-filters.ts'
import { readProperty } from './scope.ts'
import { compare, same, sizeOf, toInteger, toNumber, toText } from './values.ts'

/**
 * Filters of https://shopify.github.io/liquid/filters/ that look into lists. None changes the list
 * it is given.
 */
export const listFilters: Readonly<Record<string, FilterImplOptions>> = {
  first: value => (Array.isArray(value) ? value[0] : undefined),
  last: value => (Array.isArray(value) ? value.at(-1) : undefined),
  size(value) {
    return sizeOf(value, this.context)
  },
  default(value, fallback, ...named) {
    const plain: unknown = toValue(value)
    const allowed = named.some(each => Array.isArray(each) && each[0] === 'allow_false' && each[1])
    if (plain === false && allowed) return plain
    if (plain === undefined || plain === null || plain === false) return fallback
    if (typeof plain === 'number' || plain === true) return plain
    return sizeOf(plain, this.context) === 0 ? fallback : plain
  },
  join(value, separator) {
    const between = separator === undefined ? ' ' : toText(separator, this.context)
    const texts = toList(value, this.context).map(item => toText(item, this.context))
    this.context.memoryLimit.use(between.length * texts.length)
    return texts.join(between)
  },
  reverse(value) {
    return toList(value, this.context).toReversed()
  },
  compact(value) {
    return toList(value, this.context).filter(item => item !== undefined && item !== null)
  },
  concat(value, other) {
    return [...toList(value, this.context), ...toList(other, this.context)]
  },
  uniq(value) {
    const list = toList(value, this.context)
    // Long texts of one length share a hash, so a set compares them character by character.
    const texts = list.filter(item => typeof item === 'string')
    this.context.memoryLimit.use(texts.reduce((sum, text) => sum + text.length, 0))
    return [...new Set(list)]
  },
  map(value, name) {
    return pick(value, name, this.context).map(([, found]) => found)
  },
  sum(value, name) {
    return dropNoise(
      pick(value, name, this.context).reduce((sum, [, found]) => sum + toNumber(found), 0)
    )
  },
  sort(value, name) {
    return sort(pick(value, name, this.context), this.context)
  },
  sort_natural(value, name) {
    const pairs = pick(value, name, this.context)
    return sort(
      pairs.map(([item, key]) => [item, key && toText(key, this.context).toLowerCase()]),
      this.context
    )
  },
  where(value, name, wanted) {
    const pairs = pick(value, name, this.context)
    return pairs.filter(([, found]) => matches(found, wanted, this.context)).map(([item]) => item)
  },
  reject(value, name, wanted) {
    const pairs = pick(value, name, this.context)
    return pairs.filter(([, found]) => !matches(found, wanted, this.context)).map(([item]) => item)
  },
  find(value, name, wanted) {
    const pairs = pick(value, name, this.context)
    return pairs.find(([, found]) => matches(found, wanted, this.context))?.[0]
  },
  has(value, name, wanted) {
    return pick(value, name, this.context).some(([, found]) => matches(found, wanted, this.context))
  },
  // Not for authors: what a range outside a loop becomes, see ranges.ts.
  '..'(low, high) {
    const length = Math.max(toInteger(high) - toInteger(low) + 1, 0)
    this.context.memoryLimit.use(length)
    return Array.from({ length }, (_, index) => toInteger(low) + index)
  }
}

type Pair = readonly [item: unknown, key: unknown]

function toList(value: unknown, context: Context): readonly unknown[] {
  const plain: unknown = toValue(value)
  const list = Array.isArray(plain) ? plain : plain === undefined || plain === null ? [] : [plain]
  context.memoryLimit.use(list.length)
  return list
}

// Each item with the property a filter looks at, or with itself when no property is named.
function pick(value: unknown, name: unknown, context: Context): Pair[] {
  const list = toList(value, context)
  if (name === undefined) return list.map(item => [item, item])
  const path = toText(name, context)
  context.memoryLimit.use(list.length * path.length)
  const names = path.split('.')
  const read = (from: unknown, name: string) => readProperty(from, name, context)
  return list.map(item => [item, names.reduce(read, item)])
}

function matches(found: unknown, wanted: unknown, context: Context): boolean {
  return wanted === undefined ? isTruthy(found, context) : same(found, wanted, context)
}

function sort(pairs: readonly Pair[], context: Context): unknown[] {
  context.memoryLimit.use(pairs.length * Math.ceil(Math.log2(pairs.length + 1)))
  const missing = ([, key]: Pair) => (key === undefined || key === null ? 1 : 0)
  return pairs
    .toSorted((a, b) => missing(a) - missing(b) || compare(a[1], b[1], context) || 0)
    .map(([item]) => item)
}
