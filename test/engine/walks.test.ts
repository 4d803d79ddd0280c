// What holds for every flow and every order of events; what single conversations come to is in test/flows.
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { actions, parameters } from '../support/golden-chaos.ts'
import { flowsFor, loadFlows } from '../support/golden-flows.ts'
import { begin, walk } from '../support/golden-walk.ts'

const flows = loadFlows(join(import.meta.dirname, '../flows'))
const widgetNames = [...new Set([...flows.values()].flatMap(flow => [...flow.widgets.keys()]))]
/** The flows with most to go wrong in them are walked more often. */
const busy = ['stock-watch', 'survey-by-text', 'table-booking', 'to-an-agent']

t.test('whatever happens in whatever order, an execution stays true to its promises', async t => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...flows.keys()), fc.constantFrom(...busy)),
      fc.constantFrom('flow' as const, 'flow' as const, 'stepwise' as const),
      fc.constantFrom(
        'incomingRequest' as const,
        'incomingRequest' as const,
        'incomingRequest' as const,
        'incomingConversationMessage' as const,
        'incomingMessage' as const
      ),
      parameters,
      actions(widgetNames),
      (name, mode, triggeredBy, given, others) => {
        const flow = flows.get(name)
        if (!flow) return
        walk(
          flowsFor(flow, flows.values()),
          begin(mode, triggeredBy),
          [{ do: 'trigger', parameters: given }, ...others],
          seen
        )
      }
    ),
    { numRuns: 3000 }
  )
  const ends = ['api', 'completed', 'expired', 'failed', 'replaced']
  const pauses = ['effect', 'reply', 'step', '2 deep', '3 deep']
  const transitions = [
    ...['incomingMessage', 'timeout', 'incomingParent', 'resumed', 'created'],
    ...['success', 'fail', 'callComplete', 'failedToEnqueue']
  ]
  const effects = ['load-flow', 'http-request', 'create-interaction', 'delete-conversation']
  const codes = ['81000', '81001', '81002', '81015', '81016', '81020', '81024', 'null']
  for (const state of [...ends, ...pauses, ...transitions, ...effects, ...codes])
    t.ok(seen.has(state), `some came to ${state}`)
})
