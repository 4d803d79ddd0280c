import { createContext, Script } from 'node:vm'

const timeoutMs = 100
const cacheSize = 1000

interface Sandbox {
  pattern: RegExp
  text: string
}

/**
 * Matches an author's pattern against the whole of a customer's text, without regard to case, as Split Based
 * On does (https://www.twilio.com/docs/studio/widget-library/split-based-on). Patterns with look-aheads are
 * common, so no linear-time engine will do; one that backtracks without end is stopped. Null for a pattern
 * that is not one, or that takes too long.
 */
export function makeMatcher(): (pattern: string, text: string) => boolean | null {
  const compiled = new Map<string, RegExp | null>()
  const sandbox = createContext({ pattern: /x/, text: '' }) as unknown as Sandbox
  const test = new Script('pattern.test(text)')

  return (source, text) => {
    let pattern = compiled.get(source)
    if (pattern === undefined) {
      if (compiled.size >= cacheSize) compiled.clear()
      pattern = compile(source)
      compiled.set(source, pattern)
    }
    if (pattern === null) return null
    sandbox.pattern = pattern
    sandbox.text = text
    try {
      return test.runInContext(sandbox, { timeout: timeoutMs }) as boolean
    } catch {
      return null
    }
  }
}

/** Authors write patterns for other engines: `(?i)` says what holds anyway, and not all escapes suit `u`. */
function compile(source: string): RegExp | null {
  const anchored = `^(?:${source.replace(/^\(\?i\)/, '')})$`
  for (const flags of ['iu', 'i']) {
    try {
      return new RegExp(anchored, flags)
    } catch {}
  }
  return null
}
