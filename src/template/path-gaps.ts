/** The text in order, or what is wrong with it and where. */
export type Closed = { readonly text: string } | { readonly wrong: string; readonly at: number }

// Blanks, quoted texts, names and numbers, runs of dots (two are a range), and whatever else, one
// by one.
const pieces = /[^\S\ufeff]+|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|[\w-]+|\.+|./gsu

/**
 * Closes the gaps in paths: `a .b`, `a. b`, `a?.b` and `a.b [0]` become one path each. What is
 * taken out goes, as white space, behind the path, so that lines and columns stay true.
 */
export function closeGaps(code: string): Closed {
  const words = code.match(pieces) ?? []
  const path: string[] = []
  let text = ''
  let owed = ''
  let at = 0
  for (const [index, word] of words.entries()) {
    const [next = '', afterNext = ''] = words.slice(index + 1, index + 3)
    const wrong = complaint(word, isBlank(next) ? afterNext : next)
    if (wrong !== null) return { wrong, at }
    at += word.length
    if (isBlank(word) && joins(path, next)) owed += word
    else if (word === '?' && isEnd(words[index - 1])) owed += ' '
    else if (isEnd(word) || word === '.' || word === '[') {
      path.push(word)
      text += word
    } else {
      path.length = 0
      text += owed + word
      owed = ''
    }
  }
  return { text: text + owed }
}

// Whether the blanks between a path so far and what comes next are a slip. A bracket after a mere
// word is left alone, for it may be a name of its own, as in `and ["my list"]`.
function joins(path: readonly string[], next: string): boolean {
  const last = path.at(-1)
  if (next === '.') return isEnd(last)
  if (next === '[') return isEnd(last) && path.includes('.')
  return last === '.' && isEnd(path.at(-2)) && /^\w/.test(next)
}

function complaint(word: string, next: string): string | null {
  if (word === '+') return 'there is no + operator, use the filter plus or append'
  if (word === '[' && next === ']') return 'an index is missing between [ and ]'
  const code = word.codePointAt(0) ?? 0
  if (code <= 0x7f || isBlank(word)) return null
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return `"${word}" (${name}) may only stand within quotes`
}

function isBlank(word: string): boolean {
  return /^\s/.test(word) && word !== '\ufeff'
}

function isEnd(word: string | undefined): boolean {
  return word !== undefined && (word === ']' || /^[\w-]/.test(word))
}
