import { type Context, Liquid } from 'liquidjs'
import { BoundedCase } from './case-tag.ts'
import { dateFilter } from './date-filter.ts'
import { listFilters } from './list-filters.ts'
import { loopTags } from './loops.ts'
import { numberFilters } from './number-filters.ts'
import { operators } from './operators.ts'
import { textFilters } from './text-filters.ts'
import { toText } from './values.ts'

interface Limits {
  readonly maxLoop: number
  readonly timeLimitMs: number
  readonly memoryLimit: number
  readonly timeZone: string
}

/**
 * The classic Liquid of https://www.twilio.com/docs/studio/user-guide/liquid-template-language on
 * liquidjs.
 */
export function makeEngine({ maxLoop, timeLimitMs, memoryLimit, timeZone }: Limits): Liquid {
  const engine = new Liquid({
    operators,
    strictFilters: true,
    ownPropertyOnly: true,
    renderLimit: timeLimitMs,
    memoryLimit,
    // Stands in for the file system, and is empty.
    templates: {},
    locale: 'en-US',
    outputEscape: printed
  })
  for (const tag of ['include', 'render', 'layout', 'block']) delete engine.tags[tag]
  for (const [name, tag] of Object.entries({ ...loopTags(maxLoop), case: BoundedCase })) {
    engine.registerTag(name, tag)
  }
  for (const name of Object.keys(engine.filters)) engine.unregisterFilter(name)
  const filters = { ...textFilters, ...numberFilters, ...listFilters, date: dateFilter(timeZone) }
  for (const [name, filter] of Object.entries(filters)) engine.registerFilter(name, filter)
  return engine
}

function printed(this: { context: Context }, value: unknown): string {
  return toText(value, this.context)
}
