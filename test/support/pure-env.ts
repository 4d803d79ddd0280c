// The engine's surroundings as the tests of the pure rooms use them: real widgets, real templates, no world.
import { type Limits, studioLimits } from '../../src/engine/limits.ts'
import type { Env } from '../../src/engine/widget.ts'
import { makeRender } from '../../src/template/render.ts'
import { widgets } from '../../src/widgets/index.ts'

const render = makeRender()

export const makeEnv = (limits: Partial<Limits> = {}): Env => ({
  widgets,
  limits: { ...studioLimits, ...limits },
  render,
  matches
})

function matches(pattern: string, text: string): boolean | null {
  try {
    return new RegExp(`^(?:${pattern})$`, 'iu').test(text)
  } catch {
    return null
  }
}

/** A copy that went through JSON, as the store would bring it back, and that throws when written to. */
export const stored = <T>(value: T): T => deepFreeze(JSON.parse(JSON.stringify(value)) as T)

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
