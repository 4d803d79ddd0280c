// `date`, written anew because liquidjs's reads the wall clock.
import type { FilterImplOptions } from 'liquidjs'
import { Scope } from './scope.ts'
import { strftime } from './strftime.ts'
import { toText } from './values.ts'
import { type Zone, zoneNamed } from './zone.ts'

const zoned =
  /(?:z|ut|utc|gmt|[ecmp][sd]t|:\d\d(?:\.\d+)? ?(?:[ap]m ?)?(?:gmt|utc)?[+-]\d\d:?\d\d)$/i

/**
 * Seconds since 1970, most written dates, and "now" become text; what is no date stays as it is.
 * The letters of the pattern: https://support.twilio.com/hc/en-us/articles/4413699936411
 */
export function dateFilter(timeZone: string): FilterImplOptions {
  const zone = zoneNamed(timeZone)
  return function (value, format) {
    const now = this.context instanceof Scope ? this.context.now : 0
    const time = timeOf(value, now, zone)
    const pattern = toText(format, this.context)
    if (time === null || pattern === '') return value
    // No directive writes more than this many characters for each of its own.
    this.context.memoryLimit.use(pattern.length * 25)
    return strftime(time, pattern, zone)
  }
}

function timeOf(value: unknown, now: number, zone: Zone): number | null {
  if (typeof value === 'number') return inRange(value * 1000)
  if (typeof value !== 'string' || value.length > 64) return null
  const text = value.trim().replace(/ \([^()]*\)$/, '')
  if (/^(?:now|today)$/i.test(text)) return inRange(now)
  if (/^\d+$/.test(text)) return inRange(Number(text) * 1000)
  if (zoned.test(text)) return inRange(Date.parse(text))
  // Without a zone the text is what a clock on our zone's wall shows. Date.parse alone would take
  // the process's.
  const readings = [Date.parse(`${text}Z`), Date.parse(`${text} UTC`)]
  const wall = inRange(readings.find(Number.isFinite) ?? Number.NaN)
  if (wall === null) return null
  const guess = wall - zone.offset(wall) * 60_000
  return wall - zone.offset(guess) * 60_000
}

// Two days short of what a Date can hold, so that no zone leads out of it.
function inRange(time: number): number | null {
  return Math.abs(time) < 8.64e15 - 2 * 86_400_000 ? Math.trunc(time) : null
}
