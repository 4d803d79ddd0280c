// The loops of Liquid, stopped at Studio's limit:
// https://www.twilio.com/docs/studio/user-guide/studio-faq
import {
  type Context,
  type Emitter,
  evalToken,
  evalTokenValue,
  ForTag,
  type Liquid,
  type Parser,
  TablerowTag,
  type TagToken,
  type Token,
  type TopLevelToken,
  TypeGuards,
  toValue
} from 'liquidjs'
import { keysOf, toInteger } from './values.ts'

type Steps<Result> = Generator<unknown, Result, unknown>
type Parameters = Readonly<Record<string, unknown>>

// What a round costs beside the length of its text, which stands for the work that text asks for.
const roundCost = 256

/** `for` and `tablerow`, parsed by liquidjs and run here, for at most so many rounds. */
export function loopTags(maxLoop: number) {
  class BoundedFor extends ForTag {
    readonly cost: number

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
      super(token, rest, liquid, parser)
      this.cost = costOf(token, rest)
    }

    override *render(context: Context, emitter: Emitter): Steps<void> {
      const { renderer } = this.liquid
      const place = `continue-${this.variable}-${this.collection.getText()}`
      context.push({ __proto__: null, continue: context.getRegister(place, 0) })
      const parameters: Parameters = yield* this.hash.render(context)
      context.pop()
      const items = yield* itemsOf(this.collection, parameters, maxLoop, context)
      context.setRegister(place, toInteger(parameters.offset) + items.length)
      if (items.length === 0) yield renderer.renderTemplates(this.elseTemplates, context, emitter)
      for (const [index, item] of items.entries()) {
        context.memoryLimit.use(this.cost)
        const forloop = { name: place.slice('continue-'.length), ...position(index, items.length) }
        context.push({ __proto__: null, forloop, [this.variable]: item })
        yield renderer.renderTemplates(this.templates, context, emitter)
        context.pop()
        const stop = context.breakCalled
        context.breakCalled = context.continueCalled = false
        if (stop) return
      }
    }
  }

  class BoundedTablerow extends TablerowTag {
    readonly cost: number

    constructor(token: TagToken, rest: TopLevelToken[], liquid: Liquid, parser: Parser) {
      super(token, rest, liquid, parser)
      this.cost = costOf(token, rest)
    }

    override *render(context: Context, emitter: Emitter): Steps<void> {
      const parameters: Parameters = yield* this.args.render(context)
      const items = yield* itemsOf(this.collection, parameters, maxLoop, context)
      const columns = Math.max(toInteger(parameters.cols), 0) || items.length
      for (const [index, item] of items.entries()) {
        context.memoryLimit.use(this.cost)
        const row = Math.floor(index / columns) + 1
        const col0 = index % columns
        const place = { row, col0, col: col0 + 1, col_first: col0 === 0 }
        const col_last = col0 === columns - 1
        const tablerowloop = { ...position(index, items.length), ...place, col_last }
        context.push({ __proto__: null, tablerowloop, [this.variable]: item })
        if (col0 === 0) emitter.write(`${row === 1 ? '' : '</tr>'}<tr class="row${row}">`)
        emitter.write(`<td class="col${col0 + 1}">`)
        yield this.liquid.renderer.renderTemplates(this.templates, context, emitter)
        emitter.write('</td>')
        context.pop()
      }
      if (items.length > 0) emitter.write('</tr>')
    }
  }

  return { for: BoundedFor, tablerow: BoundedTablerow }
}

// The tag's parser has just taken the tokens of the body, so the next one begins where the loop
// ends.
function costOf(token: TagToken, rest: readonly TopLevelToken[]): number {
  return roundCost + (rest[0]?.begin ?? token.input.length) - token.end
}

function position(index: number, length: number) {
  const rindex = length - index
  const counts = { length, index: index + 1, index0: index, rindex, rindex0: rindex - 1 }
  return { ...counts, first: index === 0, last: rindex === 1 }
}

function* itemsOf(
  collection: Token,
  { offset, limit, reversed }: Parameters,
  most: number,
  context: Context
): Steps<unknown[]> {
  const { length, at } = yield* sequenceOf(collection, context)
  const start = Math.min(Math.max(toInteger(offset), 0), length)
  const wanted = limit === undefined ? length : Math.max(toInteger(limit), 0)
  const count = Math.min(wanted, length - start)
  const take = (_: unknown, index: number) => at(start + (reversed ? count - 1 - index : index))
  return Array.from({ length: Math.min(count, most) }, take)
}

/** Items read one by one, so that a range of a hundred million is never made. */
interface Sequence {
  readonly length: number
  readonly at: (index: number) => unknown
}

function* sequenceOf(collection: Token, context: Context): Steps<Sequence> {
  if (TypeGuards.isRangeToken(collection)) {
    const low = toInteger(yield evalTokenValue(collection.lhs, context))
    const high = toInteger(yield evalTokenValue(collection.rhs, context))
    return { length: Math.max(high - low + 1, 0), at: index => low + index }
  }
  const value: unknown = toValue(yield evalToken(collection, context))
  if (Array.isArray(value)) return { length: value.length, at: index => value[index] }
  if (typeof value === 'string') return { length: value === '' ? 0 : 1, at: () => value }
  if (typeof value !== 'object' || value === null) return { length: 0, at: () => undefined }
  const pairs = keysOf(value, context).map(key => [key, Reflect.get(value, key)])
  return { length: pairs.length, at: index => pairs[index] }
}
