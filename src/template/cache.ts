/**
 * Remembers a function's results by text, up to so many characters of text in all. The oldest half
 * goes at once, save what was used since: nearly the least recently used, at the price of one
 * look-up.
 */
export function remember<Result>(make: (text: string) => Result, size: number) {
  let young = new Map<string, Result>()
  let old = new Map<string, Result>()
  let length = 0
  return (text: string): Result => {
    const known = young.get(text)
    if (known !== undefined) return known
    const result = old.get(text) ?? make(text)
    length += text.length
    if (length > size / 2) {
      old = young
      young = new Map()
      length = text.length
    }
    young.set(text, result)
    return result
  }
}
