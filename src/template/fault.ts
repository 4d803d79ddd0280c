import { LiquidError } from 'liquidjs'

const longest = 300

// What liquidjs says, in an author's words.
const plainer: readonly (readonly [RegExp, string])[] = [
  [/^tag "(.*)" not found$/s, 'the tag "$1" is not known here'],
  [/^undefined filter: (.*)$/s, 'there is no filter "$1"'],
  [/^output .* not closed$/s, 'the braces "{{" are never closed'],
  [/^tag "{%.* not closed$/s, 'the braces "{%" are never closed'],
  [/^tag {%.* not closed$/s, 'this tag has no end tag'],
  [/^raw .* not closed$/s, 'the tag "raw" has no end tag'],
  [/^expected "\|" before filter$/, 'a "|" and a filter, or the end, should come here'],
  [/^memory alloc limit exceeded$/, 'the template asks for too much work'],
  [/^template render limit exceeded$/, 'the template takes too long'],
  [/^Maximum call stack size exceeded$/, 'the template or its data are nested too deeply']
]

/**
 * The sentence for Studio's warning https://www.twilio.com/docs/api/errors/81018 about a template
 * that failed.
 */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return 'The template failed'
  const place = LiquidError.is(error) ? error.token : null
  const said = (LiquidError.is(error) && error.originalError?.message) || error.message
  const reason = said.replace(/, line:\d+, col:\d+$/, '')
  if (!place) return capital(plain(reason))
  return faultAt(place.input, place.begin, plain(reason), place.end)
}

/** The sentence about one place in a template. */
export function faultAt(
  template: string,
  begin: number,
  reason: string,
  end = template.length
): string {
  const lines = template.slice(0, begin).split('\n')
  const column = (lines.at(-1)?.length ?? 0) + 1
  const piece = shorten(template.slice(begin, end).trim().replace(/\s+/g, ' '), 80)
  const near = piece === '' ? '' : `, at "${piece}"`
  return shorten(`Line ${lines.length}, column ${column}: ${reason}${near}`, longest)
}

function plain(reason: string): string {
  const [pattern, words] = plainer.find(([pattern]) => pattern.test(reason)) ?? [/^$/, '']
  return reason.replace(pattern, words)
}

function capital(text: string): string {
  return shorten(text.charAt(0).toUpperCase() + text.slice(1), longest)
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text
}
