// Liquid as Studio speaks it:
// https://www.twilio.com/docs/studio/user-guide/liquid-template-language
import type { Liquid, Template } from 'liquidjs'
import { remember } from './cache.ts'
import { makeEngine } from './engine.ts'
import { faultAt, faultOf } from './fault.ts'
import { plainly, type RenderPlain } from './plain.ts'
import { tameRanges } from './ranges.ts'
import { Scope } from './scope.ts'
import { tolerate } from './tolerate.ts'

// Parsing takes time quadratic in the number of tags; up to this many characters it is a matter of
// milliseconds.
const longestTemplate = 65_536

/**
 * What a template became. `fault` is null, or a sentence for Studio's warning 81018, and then
 * `text` is ''. Only a text that is too long has both: as much of it as may be, and the sentence
 * that it was cut. https://www.twilio.com/docs/api/errors/81018
 */
export interface Rendered {
  readonly text: string
  readonly fault: string | null
}

export interface RendererOptions {
  /**
   * Characters, as JavaScript counts them, of a result:
   * https://www.twilio.com/docs/studio/user-guide/get-started says "16 KB". Counting bytes would
   * cut a Greek text at half the length of an English one.
   */
  readonly maxLength?: number
  /** Rounds of a loop: https://www.twilio.com/docs/studio/user-guide/studio-faq */
  readonly maxLoop?: number
  /**
   * The last resort against a runaway. The limit on work comes well before it, so that the clock
   * decides nothing unless the machine is starved.
   */
  readonly timeLimitMs?: number
  /** Work one render may ask for, in characters and items made or looked at. */
  readonly memoryLimit?: number
  /** Characters of template text to keep compiled. */
  readonly cacheSize?: number
  /**
   * Of dates: `UTC`, an offset such as `-07:00`, or an IANA name. Studio's own is Pacific time:
   * https://support.twilio.com/hc/en-us/articles/4413699936411
   */
  readonly timeZone?: string
}

/** Renders a template. Never throws, and never changes the scope. `now` is epoch milliseconds. */
export type Render = (template: string, scope: object, now: number) => Rendered

/** Makes a renderer. Throws only for a time zone there is not. */
export function makeRender(options: RendererOptions = {}): Render {
  const { maxLength = 16_384, maxLoop = 15, timeLimitMs = 2_000 } = options
  const { memoryLimit = 2_000_000, cacheSize = 1_000_000, timeZone = 'UTC' } = options
  const engine = makeEngine({ maxLoop, timeLimitMs, memoryLimit, timeZone })
  const compiled = remember(template => compile(engine, template, memoryLimit), cacheSize)
  return (template, scope, now) => {
    if (!/\{[{%]/.test(template)) return cut(template, maxLength)
    if (template.length > longestTemplate) return tooLong(template)
    const parsed = compiled(template)
    if (typeof parsed === 'string') return { text: '', fault: parsed }
    try {
      const { plain, templates } = parsed
      const text = plain?.(scope) ?? engine.renderSync(templates, new Scope(scope, engine, now))
      return cut(text, maxLength)
    } catch (error) {
      return { text: '', fault: faultOf(error) }
    }
  }
}

interface Compiled {
  readonly templates: Template[]
  readonly plain: RenderPlain | null
}

// The parsed template, or why there is none.
function compile(engine: Liquid, template: string, memoryLimit: number): Compiled | string {
  try {
    const tolerated = tolerate(template)
    if ('wrong' in tolerated) return faultAt(template, tolerated.at, tolerated.wrong)
    const templates = engine.parse(tolerated.text)
    tameRanges(templates)
    return { templates, plain: plainly(templates, memoryLimit) }
  } catch (error) {
    return faultOf(error)
  }
}

function tooLong(template: string): Rendered {
  const fault = `The template is ${template.length} characters long, and may be ${longestTemplate}`
  return { text: '', fault }
}

// What Studio does with a longer text is not documented. A message without its end may still help
// the person who gets it, and the sentence tells the author.
function cut(text: string, maxLength: number): Rendered {
  if (text.length <= maxLength) return { text, fault: null }
  const fault = `The text has ${text.length} characters and was cut to the limit of ${maxLength}`
  // Not through the middle of a character that takes two.
  const end = /[\ud800-\udbff]/.test(text.charAt(maxLength - 1)) ? maxLength - 1 : maxLength
  return { text: text.slice(0, end), fault }
}
