// Most templates put values between texts and nothing else. Reading those here takes a tenth of the time
// that liquidjs takes; it is still asked where this fails, as it knows the place.
import { Output, type Template, TypeGuards, type Value } from 'liquidjs'
import { readProperty } from './scope.ts'
import { makeBudget, toText } from './values.ts'

/** A text, or the names that lead to a value. */
type Part = string | readonly (string | number)[]

/** Renders against a scope; null where that failed. */
export type RenderPlain = (scope: object) => string | null

/** Null where the template has more to it than texts and paths. */
export function plainly(templates: readonly Template[], memoryLimit: number): RenderPlain | null {
  const parts = templates.map(partOf)
  if (!parts.every(part => part !== null)) return null
  return scope => {
    try {
      const budget = makeBudget(memoryLimit)
      const read = (from: unknown, name: string | number) => readProperty(from, name, budget)
      let text = ''
      for (const part of parts)
        text += typeof part === 'string' ? part : toText(part.reduce(read, scope), budget)
      return text
    } catch {
      return null
    }
  }
}

function partOf(template: Template): Part | null {
  if (template instanceof Output) return pathOf(template.value)
  return TypeGuards.isHTMLToken(template.token) ? template.token.getContent() : null
}

/** The path that an output prints, where it does nothing else: its one filter is the one that prints. */
function pathOf({ initial, filters }: Value): Part | null {
  const [token, ...more] = initial.postfix
  if (filters.length > 1 || more.length > 0) return null
  if (!TypeGuards.isPropertyAccessToken(token) || token.variable) return null
  const names = token.props.map(prop => ('content' in prop ? prop.content : null))
  return names.every(isName) ? names : null
}

// The size of what is large has a price, and liquidjs says of which path.
const isName = (name: unknown): name is string | number =>
  typeof name === 'number' || (typeof name === 'string' && name !== 'size')
