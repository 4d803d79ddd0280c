// liquidjs makes a whole list of every range, and never ends on one beyond 2^53, where adding 1
// changes nothing. Loops read their range without making it (loops.ts); any other becomes a filter
// call that pays for its size.
import { ForTag, Liquid, TablerowTag, type Token, Tokenizer, TypeGuards } from 'liquidjs'

/** Replaces the ranges of a parsed template, in place. */
export function tameRanges(node: object, seen = new Set<object>()): void {
  if (seen.has(node) || node instanceof Liquid || node instanceof Tokenizer) return
  seen.add(node)
  const isLoop = node instanceof ForTag || node instanceof TablerowTag
  for (const [key, child] of Object.entries(node)) {
    if (typeof child !== 'object' || child === null) continue
    tameRanges(child, seen)
    if (!TypeGuards.isRangeToken(child) || (isLoop && key === 'collection')) continue
    Reflect.set(node, key, filterCall(child.lhs, child.rhs))
  }
}

function filterCall(low: Token, high: Token): Token {
  const call = new Tokenizer('low | range: high').readFilteredValue()
  call.initial.postfix.splice(0, 1, low)
  for (const filter of call.filters) Object.assign(filter, { name: '..', args: [high] })
  return call
}
