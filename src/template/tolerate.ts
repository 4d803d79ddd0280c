// Studio takes paths that liquidjs refuses or, worse, cuts short without a word; authors have
// written them into flows that run. This brings the code of a template, never the text around it,
// into the form liquidjs reads, and finds what Studio refuses but liquidjs lets pass:
// https://www.twilio.com/docs/api/errors/81018

import { type Closed, closeGaps } from './path-gaps.ts'

/** The template liquidjs is to read, or what is wrong with it and where. */
export function tolerate(template: string): Closed {
  let text = ''
  let done = 0
  let verbatim: string | null = null
  while (true) {
    const start = startOfCode(template, done, verbatim === 'raw')
    const end = start < 0 ? -1 : endOfCode(template, start)
    if (end < 0) return { text: text + template.slice(done) }
    // A dash at either end trims white space and is no part of a path.
    const begin = template[start + 2] === '-' ? start + 3 : start + 2
    const code = template.slice(begin, Math.max(end - 2, begin)).replace(/-$/, '')
    const tag = template[start + 1] === '%' ? /^\s*(#|[\w-]*)/.exec(code)?.[1] : undefined
    if (tag === `end${verbatim}`) verbatim = null
    const closed = verbatim !== null || tag === '#' ? { text: code } : closeGaps(code)
    if ('wrong' in closed) return { ...closed, at: begin + closed.at }
    const isNothing = tag === undefined && verbatim === null && code.trim() === ''
    text += template.slice(done, begin) + (isNothing ? 'nil' : closed.text)
    done = begin + code.length
    text += template.slice(done, end)
    done = end
    if (tag === 'raw' || tag === 'comment') verbatim ??= tag
  }
}

function startOfCode(template: string, from: number, isRaw: boolean): number {
  const opening = isRaw ? /\{%\s*endraw(?![\w-])/g : /\{[{%]/g
  opening.lastIndex = from
  return opening.exec(template)?.index ?? -1
}

// As liquidjs sees it: quotes hide the end of an output, but not that of a tag.
function endOfCode(template: string, start: number): number {
  const closing = template[start + 1] === '%' ? /%\}/g : /\}\}|["']/g
  closing.lastIndex = start + 1
  for (let found = closing.exec(template); found; found = closing.exec(template)) {
    const [mark] = found
    if (mark.length === 2) return closing.lastIndex
    closing.lastIndex = endOfQuoted(template, closing.lastIndex, mark)
  }
  return -1
}

function endOfQuoted(template: string, from: number, quote: string): number {
  for (let at = from; at < template.length; at++) {
    if (template[at] === '\\') at++
    else if (template[at] === quote) return at + 1
  }
  return template.length
}
