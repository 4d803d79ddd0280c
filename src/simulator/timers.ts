import { refuse } from './refusal.ts'

const rules = {
  inactive: { least: 60, tooShort: 50375, malformed: 50379 },
  closed: { least: 600, tooShort: 50376, malformed: 50380 }
}

const duration = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/

/**
 * Milliseconds of a timer given as an ISO 8601 duration in days or smaller; null for `PT0S`, which
 * turns it off. https://www.twilio.com/docs/conversations-classic/states-timers
 */
export function parseTimer(timer: keyof typeof rules, text: string | undefined) {
  if (text === undefined) return undefined
  const { least, tooShort, malformed } = rules[timer]
  const parts = duration.exec(text)
  if (!parts) throw refuse(malformed, `Timers.${timer} must be an ISO 8601 duration, not '${text}'`)
  const [days, hours, minutes, seconds] = parts.slice(1).map(part => Number(part ?? 0))
  const total = toSeconds(days, hours, minutes, seconds)
  if (total === 0) return null
  if (total < least) throw refuse(tooShort, `Timers.${timer} must be at least ${least} seconds`)
  return total * 1000
}

const toSeconds = (days = 0, hours = 0, minutes = 0, seconds = 0) =>
  ((days * 24 + hours) * 60 + minutes) * 60 + seconds
