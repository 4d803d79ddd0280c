import { type FilterImplOptions, filters } from 'liquidjs'
import { toInteger, toJson, toText } from './values.ts'

// These are liquidjs's own. Of its others, `sample` is random, `date` and its kin read the clock,
// the `*_exp` family runs data as code, and `push`, `unshift` and `group_by` nest lists in lists
// until the text of a small value has no end; the rest is no Liquid that Studio is known to speak.
const adopted = [
  ...['append', 'prepend', 'capitalize', 'downcase', 'upcase', 'strip', 'lstrip', 'rstrip'],
  ...['squish', 'normalize_whitespace', 'strip_html', 'strip_newlines', 'newline_to_br'],
  ...['remove', 'remove_first', 'remove_last', 'replace', 'replace_first', 'replace_last'],
  ...['truncate', 'truncatewords', 'number_of_words', 'slugify', 'escape', 'escape_once'],
  ...['xml_escape', 'cgi_escape', 'uri_escape', 'url_encode', 'url_decode'],
  ...['base64_encode', 'base64_decode', 'sha256', 'hmac_sha256']
]

/**
 * Texts in, text out. An object or a list is taken as its JSON:
 * https://www.twilio.com/docs/studio/widget-library/send-flex
 */
export const textFilters: Readonly<Record<string, FilterImplOptions>> = {
  ...Object.fromEntries(adopted.map(name => [name, onText(filters[name])])),
  to_json(value) {
    return toJson(value, this.context)
  },
  json(value) {
    return toJson(value, this.context)
  },
  split(value, separator) {
    const text = toText(value, this.context)
    const by = toText(separator, this.context)
    // A single space means any run of white space, as in Ruby, whose Liquid authors know.
    const parts = by === ' ' ? text.trim().split(/\s+/) : text.split(by)
    this.context.memoryLimit.use(parts.length)
    return parts.slice(0, parts.findLastIndex(part => part !== '') + 1)
  },
  slice(value, start, length) {
    const whole: unknown[] | string = Array.isArray(value) ? value : toText(value, this.context)
    const from = toInteger(start) < 0 ? whole.length + toInteger(start) : toInteger(start)
    const count = length === undefined ? 1 : toInteger(length)
    this.context.memoryLimit.use(Math.min(count, whole.length))
    return from < 0 || count < 0 ? whole.slice(0, 0) : whole.slice(from, from + count)
  }
}

function onText(filter: FilterImplOptions | undefined): FilterImplOptions {
  if (typeof filter !== 'function') throw new Error('liquidjs lost a text filter')
  return function (value, ...rest) {
    const others = rest.map(each => (typeof each === 'number' ? each : toText(each, this.context)))
    const result: unknown = filter.call(this, toText(value, this.context), ...others)
    if (typeof result === 'string') this.context.memoryLimit.use(result.length)
    return result
  }
}
