import fc from 'fast-check'
import t from 'tap'
import { type Execution, newExecution, type Step } from '../../src/engine/execution.ts'
import type { Json, JsonObject } from '../../src/engine/json.ts'
import { executionText, stepText } from '../../src/engine/text.ts'

const execution = newExecution({
  sid: `FN0000${'1'.repeat(28)}`,
  accountSid: `AC${'1'.repeat(32)}`,
  flowSid: `FW${'1'.repeat(32)}`,
  flowRevision: 1,
  mode: 'flow',
  createdAt: 1,
  to: '"\u2028',
  from: '',
  contactSid: 'FC1',
  initiatedBy: 'RQ1',
  triggeredBy: 'incomingRequest'
})
const json = fc.jsonValue().map(value => value as Json)
const object = fc.dictionary(fc.string(), json).map(value => value as JsonObject)
const same = (text: string, value: unknown): void =>
  void t.strictSame(JSON.parse(text), JSON.parse(JSON.stringify(value)))

t.test('executions and steps come back from their texts as they were', async t => {
  fc.assert(
    fc.property(object, fc.option(object), json, (context, widgets, value) => {
      const full: JsonObject = widgets ? { ...context, widgets } : context
      const before: Execution = { ...execution, context: full }
      same(executionText(before), before)
      const after = { ...before, context: { ...full, widgets: { ...widgets, __proto: value } } }
      same(executionText(after), after)
      same(executionText(before), before)
      const step = { sid: 'FT1', writes: [{ path: ['widgets', '"'], value }] } as unknown as Step
      same(stepText(step), step)
    })
  )
  t.pass('whatever they held')
})
