type Compare = (input: string, value: string) => boolean

/**
 * The operators of Split Based On. Case does not count, nor does white space at either end.
 * https://www.twilio.com/docs/studio/widget-library/split-based-on
 */
export function makeOperators(matches: Compare): Readonly<Record<string, Compare>> {
  const positive = {
    equal_to: (input, value) => fold(input) === fold(value),
    matches_any_of: (input, value) =>
      // A trailing comma is no invitation to an empty reply.
      fold(input) !== '' && value.split(',').some(item => fold(item) === fold(input)),
    is_blank: input => input.trim() === '',
    contains: (input, value) => fold(input).includes(fold(value)),
    starts_with: (input, value) => fold(input).startsWith(fold(value)),
    regex: (input, value) => matches(value, input.trim()),
    less_than: ordered(numberOf, (a, b) => a < b),
    greater_than: ordered(numberOf, (a, b) => a > b),
    is_before_time: ordered(timeOf, (a, b) => a < b),
    is_after_time: ordered(timeOf, (a, b) => a > b),
    is_before_date: ordered(dateOf, (a, b) => a < b),
    is_after_date: ordered(dateOf, (a, b) => a > b)
  } satisfies Record<string, Compare>
  return {
    ...positive,
    not_equal_to: not(positive.equal_to),
    does_not_match_any_of: not(positive.matches_any_of),
    is_not_blank: not(positive.is_blank),
    does_not_contain: not(positive.contains),
    does_not_start_with: not(positive.starts_with)
  }
}

const not =
  (compare: Compare): Compare =>
  (input, value) =>
    !compare(input, value)

/** Down and up again: only then is Σ the same letter inside a word and at its end, and ß the same as SS. */
const fold = (text: string): string => text.trim().toLowerCase().toUpperCase().normalize('NFC')

/** Compares only what both sides are: a text that is no number is neither less nor greater. */
const ordered =
  <T>(read: (text: string) => T | null, compare: (a: T, b: T) => boolean): Compare =>
  (input, value) => {
    const a = read(input.trim())
    const b = read(value.trim())
    return a !== null && b !== null && compare(a, b)
  }

const numberOf = (text: string): number | null =>
  /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : null

const timeOf = (text: string): string | null =>
  /^([01]\d|2[0-3]):[0-5]\d$/.test(text) ? text : null

function dateOf(text: string): string | null {
  const date = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : null
  // A day that no calendar has, such as 30 February, rolls over or is invalid.
  return date && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text) ? text : null
}
