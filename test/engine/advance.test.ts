// What single events come to. What holds for every order of them is in walks.test.ts, whole conversations are in test/flows.
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { type Advanced, advance } from '../../src/engine/advance.ts'
import type { EffectType, EffectValues } from '../../src/engine/effect.ts'
import type { Event } from '../../src/engine/event.ts'
import { type Execution, type Step, stepSid } from '../../src/engine/execution.ts'
import type { Flows } from '../../src/engine/journey.ts'
import type { JsonObject } from '../../src/engine/json.ts'
import type { Flow } from '../../src/flow/flow.ts'
import { parseFlow } from '../../src/flow/parse.ts'
import type { State } from '../../src/flow/schema.ts'
import { widgets } from '../../src/widgets/index.ts'
import { settle } from '../support/golden-answers.ts'
import type { Action } from '../support/golden-chaos.ts'
import { checkStored } from '../support/golden-checks.ts'
import { conversationSid, toEvent } from '../support/golden-events.ts'
import { loadFlows } from '../support/golden-flows.ts'
import { begin, walk } from '../support/golden-walk.ts'
import { makeEnv, stored } from '../support/pure-env.ts'

const triggered = (parameters: JsonObject = {}): Event => ({
  type: 'triggered',
  id: 'trigger',
  at: 1_000_000,
  parameters
})

function flowOf(...states: Pick<State, 'name' | 'type' | 'transitions' | 'properties'>[]): Flow {
  const trigger = {
    name: 'Trigger',
    type: 'trigger',
    transitions: [{ event: 'incomingRequest', next: states[0]?.name }]
  }
  const parsed = parseFlow({ initial_state: 'Trigger', states: [trigger, ...states] }, widgets)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.flow
}

const set = (name: string, next: string, variables: object[] = []): State => ({
  name,
  type: 'set-variables',
  transitions: [{ event: 'next', next }],
  properties: { variables }
})

t.test('a thousand steps are taken and no more', async t => {
  const flow = flowOf(set('ping', 'pong'), set('pong', 'ping'))
  const { execution, steps } = advance(() => flow, begin('flow'), triggered(), makeEnv())
  t.equal(steps.filter(({ transition }) => transition !== 'failed').length, 1000)
  t.match(execution, { status: 'ended', end: { reason: 'failed' } })
  t.match(execution.problems, [{ code: 81000 }])
})

t.test('the flow is asked for by the revision to which the execution is pinned', async t => {
  const asked = new Set<string>()
  const flow = flowOf(set('once', ''))
  const flows: Flows = (flowSid, revision) => {
    asked.add(`${flowSid} ${revision}`)
    return flow
  }
  advance(flows, begin('flow'), triggered(), makeEnv())
  t.strictSame([...asked], ['FW00000000000000000000000000000001 7'])
})

t.test(
  'the size of the context is that of what it holds, however often a variable was set',
  async t => {
    const big = { key: 'a', value: 'x'.repeat(5000) }
    const small = { key: 'a', value: 'x' }
    const flow = flowOf(set('grow', 'shrink', [big]), set('shrink', 'grow', [small, small, small]))
    const env = makeEnv({ contextSize: 11_000, steps: 40 })
    const { execution } = advance(() => flow, begin('flow'), triggered(), env)
    t.match(execution.problems, [{ code: 81000 }], 'it grows and shrinks for ever')
    const size = JSON.stringify(execution.context).length
    t.ok(execution.contextSize > 5000 && execution.contextSize <= size, `${execution.contextSize}`)
  }
)

t.test('a message that is ignored changes nothing but the problems', async t => {
  const env = makeEnv()
  const waiting = stored(walk(() => delivery, begin('flow'), askedOnly))
  t.match(waiting.pause, { type: 'reply', afterIndex: 3 })
  const ignored: Event[] = [
    message(waiting, { index: 3 }),
    message(waiting, { index: 4, conversation: 'CH000000000000000000000000000000b2' }),
    message(waiting, { index: 4, sentBy: `${waiting.sid}:2:0` })
  ]
  for (const event of ignored) {
    const { execution, steps, effect } = advance(() => delivery, waiting, event, env)
    t.strictSame({ ...execution, problems: [] }, { ...waiting, problems: [] })
    t.match(execution.problems, [{ code: 81002, at: event.at, eventId: event.id }])
    t.strictSame([steps, effect], [[], null])
  }
  const answer = message(waiting, { index: 4, sentBy: 'FN000500000000000000000000000000ff:2:0' })
  t.equal(advance(() => delivery, waiting, answer, env).steps[0]?.transition, 'incomingMessage')
})

t.test('a key that is called __proto__ is a key like any other', async t => {
  const flow = flowOf(
    set('sly', 'read', [{ key: '__proto__', value: '{"x":1}', type: 'json_object' }]),
    set('read', '', [{ key: 'seen', value: '[{{flow.variables.x}}{{flow.data.polluted}}]' }])
  )
  const parameters = JSON.parse('{"__proto__":{"polluted":"yes"}}') as JsonObject
  const { execution } = advance(() => flow, begin('flow'), triggered(parameters), makeEnv())
  t.equal(execution.end?.reason, 'completed')
  t.equal(
    (execution.context as { flow: { variables: { seen: string } } }).flow.variables.seen,
    '[]'
  )
  t.equal(({} as { polluted?: string }).polluted, undefined)
})

t.test('a key may be called as what every object inherits', async t => {
  const keys = ['constructor', 'toString', 'hasOwnProperty']
  const flow = flowOf(
    set(
      'sly',
      '',
      keys.map(key => ({ key, value: 'mine' }))
    )
  )
  const { execution } = advance(() => flow, begin('flow'), triggered(), makeEnv())
  t.match(execution.context, { flow: { variables: { constructor: 'mine', toString: 'mine' } } })
})

t.test('what is wrong with a template or a pattern is told at its step', async t => {
  const split: State = {
    name: 'split',
    type: 'split-based-on',
    transitions: [
      { event: 'noMatch', next: 'faulty' },
      { event: 'match', conditions: [{ type: 'regex', value: '(' }] }
    ],
    properties: { input: 'x' }
  }
  const flow = flowOf(
    split,
    set('faulty', '', [{ key: 'a', value: '{{ flow.sid | no_such_filter }}' }])
  )
  const { execution } = advance(() => flow, begin('flow'), triggered(), makeEnv())
  t.match(execution.problems, [
    { code: null, message: /pattern \( is not valid/, stepSid: /0001$/, widget: 'split' },
    { code: 81018, message: /no_such_filter/, stepSid: /0002$/, widget: 'faulty' }
  ])
  t.equal(execution.end?.reason, 'completed', 'and the flow goes on')
})

t.test('the SID of a step is of its execution and its visit, and of no other', async t => {
  const executionSid = fc.stringMatching(/^FN[0-9a-f]{32}$/)
  const visit = fc.nat(0xffff)
  fc.assert(
    fc.property(executionSid, executionSid, visit, visit, (own, other, one, two) => {
      const sid = stepSid(own, one)
      const same = own.slice(2, 30) === other.slice(2, 30) && one === two
      return /^FT[0-9a-f]{32}$/.test(sid) && (stepSid(other, two) === sid) === same
    })
  )
  t.equal(stepSid('FN00050000000000000000000000000001', 26), 'FT0005000000000000000000000000001a')
})

t.test('a flow may begin with a widget that asks for something, and loses nothing', async t => {
  const call: State = {
    name: 'call',
    type: 'make-http-request',
    transitions: [{ event: 'success' }],
    properties: { method: 'GET', url: 'https://shop.example/{{flow.data.order}}' }
  }
  const parsed = parseFlow({ initial_state: 'call', states: [call] }, widgets)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  const { flow } = parsed
  const first = advance(() => flow, begin('flow'), triggered({ order: '7' }), makeEnv())
  checkStored(stored(first.execution), first.steps)
  t.match(first, { effect: { type: 'http-request', url: 'https://shop.example/7' }, steps: [] })
  const last = advance(() => flow, stored(first.execution), answered(first, http), makeEnv())
  checkStored(stored(last.execution), last.steps)
  t.match(last.steps, [{ widget: 'call', transition: 'success', writes: { length: 5 } }])
})

t.test('a step after one that had no room for its data has a SID of its own', async t => {
  const flow = flowOf(set('once', ''))
  const env = makeEnv({ contextSize: 1000 })
  const big = triggered({ text: 'x'.repeat(1000) })
  const first = advance(() => flow, begin('stepwise'), big, env)
  t.match(first.execution, { pause: { type: 'step' }, stepCount: 1, visitCount: 1 })
  const second = advance(() => flow, first.execution, requested('once'), env)
  const sids = [...first.steps, ...second.steps].map(({ sid }) => sid)
  t.equal(new Set(sids).size, 2, sids.join(' '))
})

const subflowSid = 'FW000000000000000000000000000000b1'
const call = (next = '', parameters: object[] = []): State => ({
  name: 'call',
  type: 'run-subflow',
  transitions: [
    { event: 'completed', next },
    { event: 'failed', next }
  ],
  properties: { flow_sid: subflowSid, parameters }
})
const http = { status: 200, contentType: '', body: '', functionConcurrency: null }

const answered = ({ effect }: Advanced, value: EffectValues[EffectType]): Event => ({
  type: 'effect-settled',
  id: 'answer',
  at: 1_001_000,
  effectId: effect?.id ?? '',
  answer: { ok: true, value }
})

const requested = (name: string): Event => ({
  type: 'step-requested',
  id: 'step',
  at: 1_002_000,
  widget: { name },
  handOver: false
})

t.test('a subflow is asked for by the revision that was loaded', async t => {
  const asked = new Set<string>()
  const main = flowOf(call())
  const sub = subflowOf(set('inner', ''))
  const flows: Flows = (flowSid, revision) => {
    asked.add(`${flowSid} ${revision}`)
    return flowSid === subflowSid ? sub : main
  }
  const first = advance(flows, begin('flow'), triggered(), makeEnv())
  const last = advance(flows, first.execution, answered(first, { revision: 12 }), makeEnv())
  t.equal(last.execution.end?.reason, 'completed')
  t.strictSame([...asked], ['FW00000000000000000000000000000001 7', `${subflowSid} 12`])
})

t.test('a subflow that is wired for no caller is over at once', async t => {
  const main = flowOf(call())
  const first = advance(() => main, begin('flow'), triggered(), makeEnv())
  const flows: Flows = sid => (sid === subflowSid ? flowOf(set('never', '')) : main)
  const { steps } = advance(flows, first.execution, answered(first, { revision: 1 }), makeEnv())
  t.match(steps, [
    { widget: 'Trigger', transition: 'incomingParent', next: 'Ended' },
    { widget: 'call', transition: 'completed', next: 'Ended' }
  ])
})

t.test(
  'a widget of a subflow that goes round in circles is stopped in a single step too',
  async t => {
    const main = flowOf(call())
    const flows: Flows = sid => (sid === subflowSid ? subflowOf(set('round', 'round')) : main)
    for (const mode of ['flow', 'stepwise'] as const) {
      let last = advance(flows, begin(mode), triggered(), makeEnv())
      if (mode === 'stepwise') last = advance(flows, last.execution, requested('call'), makeEnv())
      last = advance(flows, last.execution, answered(last, { revision: 1 }), makeEnv())
      t.match(last.execution, { end: { reason: 'failed' }, problems: [{ code: 81001 }] })
    }
  }
)

t.test('where the context of a caller has no room any more, the execution ends', async t => {
  const big = { key: 'big', value: 'x'.repeat(1000) }
  const main = flowOf(set('fill', 'call', [big]), call('', [{ key: 'more', value: 'x' }]))
  const pickUp: State = {
    name: 'pick_up',
    type: 'resume-conversation',
    transitions: [],
    properties: { conversation_sid: conversationSid }
  }
  const flows: Flows = sid => (sid === subflowSid ? subflowOf(pickUp) : main)
  for (const mode of ['flow', 'stepwise'] as const) {
    const env = makeEnv({ contextSize: 2600 })
    const steps: Step[] = []
    let last = advance(flows, begin(mode), triggered(), env)
    const take = (event: Event) => {
      last = advance(flows, last.execution, event, env)
    }
    steps.push(...last.steps)
    const names = mode === 'stepwise' ? ['fill', 'call'] : []
    for (const name of names) {
      take(requested(name))
      steps.push(...last.steps)
    }
    const answers = [
      { 'load-flow': {} },
      { 'fetch-conversation': {} },
      { 'list-participants': {} },
      { 'add-webhook': {} }
    ]
    for (const answer of answers) {
      if (!last.effect) throw new Error('It asks for nothing')
      take(settle(last.effect, answer, 1_003_000))
      steps.push(...last.steps)
    }
    checkStored(stored(last.execution), steps)
    t.match(last.execution, {
      end: { reason: 'failed' },
      problems: [{ message: /context would grow/, widget: 'call' }],
      teardown: { tasks: [{ type: 'remove-webhook', conversationSid }] }
    })
  }
})

function subflowOf(...states: State[]): Flow {
  const trigger = {
    name: 'Trigger',
    type: 'trigger',
    transitions: [{ event: 'incomingParent', next: states[0]?.name }]
  }
  const parsed = parseFlow({ initial_state: 'Trigger', states: [trigger, ...states] }, widgets)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.flow
}

const delivery = loadFlows(join(import.meta.dirname, '../flows')).get('delivery-rating') as Flow

const askedOnly: Action[] = [
  { do: 'trigger', parameters: { thread: conversationSid, name: 'Ana', order: '1' } },
  ...[{}, {}, {}, { index: 3 }].map(change => ({ do: 'answer' as const, change, failure: null }))
]

function message(
  execution: Execution,
  change: { index: number; conversation?: string; sentBy?: string }
): Event {
  const scripted = { type: 'message-received' as const, body: '5', ...change }
  return stored(toEvent(scripted, execution, execution.updatedAt))
}
