import { Type } from 'typebox'
import type { Visit } from '../engine/widget.ts'
import { defineWidget, go, Template } from './define.ts'
import { makeOperators } from './operators.ts'

type Condition = NonNullable<Visit['transitions'][number]['conditions']>[number]

/**
 * Leaves by the first `match` transition whose conditions all hold for the input, else by `noMatch`. A
 * condition's own `arguments` are left-overs of the editor: its subject is always the widget's input.
 * https://www.twilio.com/docs/studio/widget-library/split-based-on
 */
export const splitBasedOn = defineWidget({
  type: 'split-based-on',
  properties: Type.Object({ input: Template }),
  transitions: ['noMatch', 'match'],

  run(visit) {
    const input = visit.render(visit.properties.input)
    const operators = makeOperators(visit.matches)
    const holds = ({ type, value }: Condition) => {
      const operator = Object.hasOwn(operators, type) ? operators[type] : undefined
      if (!operator)
        visit.warn(null, `There is no operator ${type}; the condition counts as no match`)
      return operator?.(input, visit.render(String(value))) ?? false
    }
    const place = visit.transitions.findIndex(
      ({ event, conditions = [] }) =>
        event === 'match' && conditions.length > 0 && conditions.every(holds)
    )
    if (place >= 0) return { ...go(visit, 'match'), place }
    if (!visit.transitions.some(({ event, next }) => event === 'noMatch' && next)) {
      // https://www.twilio.com/docs/api/errors/81005
      visit.warn(81005, `Nothing matches "${input.slice(0, 200)}", and noMatch leads nowhere`)
    }
    return go(visit, 'noMatch')
  }
})
