import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc, { type Arbitrary } from 'fast-check'
import t from 'tap'
import type { FlowFault } from '../../src/flow/flow.ts'
import { parseFlow } from '../../src/flow/parse.ts'
import { widgets } from '../../src/widgets/index.ts'
import { stored } from '../support/pure-env.ts'

const state = (
  name: string,
  type: string,
  transitions: object[] = [],
  properties: object = {}
) => ({
  name,
  type,
  transitions,
  properties
})
const trigger = (...transitions: object[]) => state('Trigger', 'trigger', transitions)
const flow = (...states: object[]) => ({ initial_state: 'Trigger', states })
const say = (name: string, ...transitions: object[]) =>
  state(name, 'send-message', transitions, { body: 'Hi' })
const resume = (name: string, ...transitions: object[]) =>
  state(name, 'resume-conversation', transitions, { conversation_sid: 'CH1' })

const faultsOf = (source: unknown): readonly FlowFault[] => {
  const parsed = parseFlow(source, widgets)
  return parsed.ok ? [] : parsed.faults
}
const pathsOf = (source: unknown): string[] => faultsOf(source).map(fault => fault.propertyPath)

t.test(
  'a flow comes out with its widgets by name, from JSON text and from a value alike',
  async t => {
    const definition = flow(trigger({ event: 'incomingRequest', next: 'hi' }), say('hi'))
    for (const source of [definition, JSON.stringify(definition)]) {
      const parsed = parseFlow(source, widgets)
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
      t.strictSame(parsed.flow.definition, definition)
      t.equal(parsed.flow.initialWidget, 'Trigger')
      t.strictSame([...parsed.flow.widgets.keys()], ['Trigger', 'hi'])
    }
  }
)

t.test('all faults are told at once, each with its place', async t => {
  const definition = {
    initial_state: 'Start',
    states: [
      trigger({ event: 'incomingRequest', next: 'nowhere' }, { event: 'incomingFax' }),
      say('hi', { event: 'sent', next: 'hi' }),
      say('hi'),
      state('call', 'make-telepathy', []),
      state('pick_up', 'resume-conversation', [{ event: 'gone', next: 'lost' }], {
        close_conversation_on_execution_end: 'maybe'
      }),
      state('ask', 'send-and-wait-for-reply', [], { timeout: true })
    ]
  }
  t.strictSame(pathsOf(definition).sort(), [
    '#/initial_state',
    '#/states/0/transitions/0/next',
    '#/states/0/transitions/1/event',
    '#/states/2/name',
    '#/states/3/type',
    '#/states/4/properties',
    '#/states/4/properties/close_conversation_on_execution_end',
    '#/states/4/transitions/0/event',
    '#/states/4/transitions/0/next',
    '#/states/5/properties/timeout'
  ])
})

t.test('a name used twice is told at its second use', async t => {
  t.strictSame(faultsOf(flow(trigger(), say('hi'), say('hi'))), [
    { propertyPath: '#/states/2/name', message: 'is used by another widget: hi' }
  ])
  t.strictSame(pathsOf(flow(trigger(), say('hi'), say('Hi'))), [], 'names keep their case')
})

t.test('a transition into nowhere is told by the name that it gives', async t => {
  const dangling = flow(trigger(), say('hi', { event: 'sent', next: 'bye' }))
  t.strictSame(faultsOf(dangling), [
    { propertyPath: '#/states/1/transitions/0/next', message: 'names no widget of this flow: bye' }
  ])
})

t.test('an unknown type is told with the types there are', async t => {
  for (const type of ['send-pigeon', '', 'constructor', '__proto__']) {
    const [fault, ...others] = faultsOf(flow(trigger(), state('odd', type)))
    t.strictSame(others, [])
    t.equal(fault?.propertyPath, '#/states/1/type')
    for (const known of Object.keys(widgets)) t.match(fault?.message, known)
  }
})

t.test('an unknown event is told with the events of its widget', async t => {
  t.strictSame(faultsOf(flow(trigger(), say('hi', { event: 'next' }))), [
    {
      propertyPath: '#/states/1/transitions/0/event',
      message: 'send-message has no event next. It must be one of sent, failed'
    }
  ])
  const unlisted = flow(trigger(), state('task', 'create-task', [{ event: 'whatever' }]))
  t.strictSame(faultsOf(unlisted), [], 'where no source lists them, any event passes')
})

t.test('numbers and booleans may be text, as exports write them', async t => {
  const ask = (properties: object) =>
    flow(trigger(), state('ask', 'send-and-wait-for-reply', [], properties))
  for (const timeout of ['3600', 3600, '{{flow.variables.patience}}']) {
    t.strictSame(faultsOf(ask({ body: 'Well?', timeout })), [])
  }
  t.strictSame(faultsOf(ask({ body: 'Well?', timeout: null })), [
    { propertyPath: '#/states/1/properties/timeout', message: 'must be string or number' }
  ])
  for (const close of [true, false, 'true', 'false']) {
    const properties = { conversation_sid: 'CH1', close_conversation_on_execution_end: close }
    const definition = flow(trigger(), state('r', 'resume-conversation', [], properties))
    t.strictSame(faultsOf(definition), [])
  }
})

t.test('properties and keys that nobody knows are accepted', async t => {
  const definition = {
    ...flow(trigger({ event: 'incomingRequest', next: 'hi', editor: { colour: 'red' } }), {
      ...say('hi'),
      properties: { body: 'Hi', offset: { x: -10, y: 20 }, shorten_urls: true, new: [1] }
    }),
    flags: { allow_concurrent_calls: true, beta: true },
    description: 'A New Flow',
    comment: 'kept'
  }
  t.strictSame(faultsOf(definition), [])
  t.strictSame(
    faultsOf({
      initial_state: 'Trigger',
      states: [{ name: 'Trigger', type: 'trigger', transitions: [] }]
    }),
    []
  )
})

t.test('a next that is absent, null or empty is the same end', async t => {
  for (const end of [{}, { next: null }, { next: '' }]) {
    t.strictSame(faultsOf(flow(trigger(), say('hi', { event: 'sent', ...end }))), [])
  }
})

t.test('a split may lack noMatch, and have match many times', async t => {
  const match = (value: string | number) => ({
    event: 'match',
    next: 'hi',
    conditions: [{ friendly_name: 'x', arguments: ['{{a}}'], type: 'equal_to', value }]
  })
  const split = state('split', 'split-based-on', [match('1'), match(2)], { input: '{{a}}' })
  t.strictSame(faultsOf(flow(trigger(), split, say('hi'))), [])
  const faulty = {
    ...split,
    transitions: [{ event: 'match', conditions: [{ type: 'equal_to' }] }],
    properties: {}
  }
  t.strictSame(pathsOf(flow(trigger(), faulty)), ['#/states/1/transitions/0/conditions/0'])
})

t.test('a widget for the REST API needs a REST trigger, or a parent, that leads to it', async t => {
  const wired = (...events: string[]) =>
    flow(
      trigger(...events.map(event => ({ event, next: 'hi' }))),
      say('hi', { event: 'sent', next: 'pick_up' }),
      resume('pick_up', { event: 'failed', next: 'hi' })
    )
  const [fault, ...others] = faultsOf(wired('incomingConversationMessage'))
  t.strictSame(others, [])
  t.equal(fault?.propertyPath, '#/states/2/type')
  t.match(fault?.message, /pick_up \(resume-conversation\) .*REST/)
  t.strictSame(faultsOf(wired('incomingConversationMessage', 'incomingRequest')), [])
  t.strictSame(faultsOf(wired('incomingParent')), [])
  t.strictSame(faultsOf(wired()), [], 'one that nothing leads to harms nobody')
})

const one = (type: string, properties: object) =>
  pathsOf(
    flow(trigger({ event: 'incomingRequest', next: 'it' }), state('it', type, [], properties))
  )
const at = (place = '') => [`#/states/1/properties${place}`]
const subflowSid = 'FW000000000000000000000000000000b1'

t.test(
  'a subflow is named by a SID as it stands, and by nothing that has to be rendered',
  async t => {
    const call = (properties: object) => one('run-subflow', properties)
    t.strictSame(call({ flow_sid: subflowSid }), [])
    t.strictSame(call({ flow_sid: '${other_flow_sid}' }), [], 'which loads, and fails when run')
    const faulty = ['{{flow.data.sid}}', '{{flow.flow_sid}}', '', 'FW1', `${subflowSid} `, 7, null]
    for (const flow_sid of faulty)
      t.strictSame(call({ flow_sid }), at('/flow_sid'), String(flow_sid))
    t.strictSame(call({}), at())
    for (const flow_revision of ['LatestPublished', 'LatestRevision', 'LatestDraft', '3', 3])
      t.strictSame(call({ flow_sid: subflowSid, flow_revision }), [])
    t.strictSame(call({ flow_sid: subflowSid, flow_revision: 1.5 }), at('/flow_revision'))
  }
)

t.test('a conversation is started with one participant, no fewer and no more', async t => {
  const begin = (participants: unknown) => one('start-conversation', { participants })
  const person = { type: 'messaging', messaging_binding_address: '{{trigger.request.to}}' }
  t.strictSame(begin([person]), [])
  t.strictSame(begin([{}]), [], 'what it lacks is for Twilio to refuse')
  t.strictSame(begin([]), at('/participants'))
  t.strictSame(begin([person, person]), at('/participants'))
  t.strictSame(begin(person), at('/participants'))
  t.strictSame(begin(['+15550100']), at('/participants/0'))
  t.strictSame(one('start-conversation', {}), at())
})

t.test(
  'starting a conversation, like resuming one, needs a REST trigger that leads to it',
  async t => {
    const begin = state('begin', 'start-conversation', [], { participants: [{}] })
    const wired = (event: string) => flow(trigger({ event, next: 'begin' }), begin)
    t.strictSame(pathsOf(wired('incomingMessage')), ['#/states/1/type'])
    t.strictSame(pathsOf(wired('incomingRequest')), [])
    t.strictSame(pathsOf(wired('incomingParent')), [])
  }
)

t.test('a request has a method, a URL and, if any, parameters with keys', async t => {
  const request = (properties: object) =>
    one('make-http-request', { method: 'GET', url: 'https://shop.example', ...properties })
  for (const method of ['GET', 'POST', 'post']) t.strictSame(request({ method }), [])
  for (const method of ['PUT', '', '{{flow.data.method}}', null])
    t.strictSame(request({ method }), at('/method'))
  t.strictSame(request({ url: 7 }), at('/url'))
  t.strictSame(one('make-http-request', {}), at())
  for (const add_twilio_auth of [true, false, 'true', 'false'])
    t.strictSame(request({ add_twilio_auth }), [])
  t.strictSame(request({ add_twilio_auth: 'yes' }), at('/add_twilio_auth'))
  t.strictSame(request({ parameters: [{ key: 'a', value: '1' }, { key: 'b' }] }), [])
  t.strictSame(request({ parameters: [{ value: '1' }] }), at('/parameters/0'))
  t.strictSame(one('run-function', {}), at())
  t.strictSame(one('run-function', { url: '{{flow.data.url}}', parameters: [] }), [])
})

t.test('a task has a workflow and a channel, and numbers that may be text', async t => {
  const route = (properties: object) =>
    one('send-to-flex', { workflow: 'WW1', channel: 'TC1', ...properties })
  for (const number of ['0', 0, '1209600', '{{flow.data.priority}}'])
    t.strictSame(route({ priority: number, timeout: number }), [])
  t.strictSame(route({ priority: true }), at('/priority'))
  t.strictSame(route({ timeout: null }), at('/timeout'))
  t.strictSame(route({ attributes: {} }), at('/attributes'))
  t.strictSame(one('send-to-flex', { workflow: 'WW1' }), at())
})

t.test(
  'the values of parameters may be text, numbers, booleans or nothing, whatever has them',
  async t => {
    const holders: Readonly<Record<string, [type: string, key: string, rest: object]>> = {
      parameters: ['run-subflow', 'parameters', { flow_sid: subflowSid }],
      fields: ['run-function', 'parameters', { url: 'https://shop.example' }],
      query: ['make-http-request', 'parameters', { method: 'GET', url: 'https://shop.example' }],
      variables: ['set-variables', 'variables', {}],
      template: ['send-message', 'content_variables', {}]
    }
    for (const [name, [type, key, rest]] of Object.entries(holders)) {
      const holding = (value: unknown) =>
        one(type, { ...rest, [key]: [{ key: 'a', value, type: 'string', index: '0' }] })
      for (const value of ['1', 1, true, null])
        t.strictSame(holding(value), [], `${name}: ${value}`)
      t.strictSame(holding({}), at(`/${key}/0/value`), name)
    }
  }
)

t.test('no widget minds properties that nobody knows', async t => {
  const least: Readonly<Record<string, object>> = {
    'make-http-request': { method: 'GET', url: 'https://shop.example' },
    'resume-conversation': { conversation_sid: 'CH1' },
    'run-function': { url: 'https://shop.example' },
    'run-subflow': { flow_sid: subflowSid },
    'send-to-flex': { workflow: 'WW1', channel: 'TC1' },
    'split-based-on': { input: '' },
    'start-conversation': { participants: [{ new: [1] }] }
  }
  for (const type of Object.keys(widgets)) {
    const properties = { ...least[type], offset: { x: -10, y: 20 }, new: [1], '': null }
    t.strictSame(one(type, properties), [], type)
  }
})

t.test('what is no definition at all is told at its root or its first level', async t => {
  t.match(faultsOf('{ "states": ')[0], { propertyPath: '#', message: /not JSON/ })
  t.strictSame(pathsOf('[]'), ['#'])
  t.strictSame(pathsOf(null), ['#'])
  t.strictSame(pathsOf(undefined), ['#'])
  t.strictSame(pathsOf({ initial_state: '', states: [] }), ['#/initial_state', '#/states'])
  t.strictSame(
    pathsOf(flow(state('1st', 'trigger'), state('a b', 'trigger'), state('a.b', 'trigger'))),
    ['#/states/0/name', '#/states/1/name', '#/states/2/name']
  )
  t.strictSame(pathsOf(flow({ name: 'Trigger', type: 'trigger' })), ['#/states/0'])
})

t.test('whatever it is given, parsing never throws and tells faults where they are', async t => {
  const outcomes = { ok: 0, faulty: 0 }
  const check = (source: unknown) => {
    const value = stored({ source }).source
    const parsed = parseFlow(value, widgets)
    outcomes[parsed.ok ? 'ok' : 'faulty'] += 1
    if (parsed.ok) return parsed.flow.widgets.has(parsed.flow.initialWidget)
    const root = typeof value === 'string' ? tryParse(value) : value
    for (const { propertyPath, message } of parsed.faults) {
      if (!resolves(root, propertyPath)) throw new Error(`${propertyPath} is nowhere`)
      if (message === '') throw new Error(`${propertyPath} has no message`)
    }
    return parsed.faults.length > 0
  }
  fc.assert(fc.property(fc.oneof(fc.jsonValue(), fc.json(), fc.string()), check), { numRuns: 1000 })
  fc.assert(fc.property(nearly, check), { numRuns: 1000 })
  fc.assert(fc.property(mutated, check), { numRuns: 2000 })
  t.ok(outcomes.ok > 100 && outcomes.faulty > 1000, JSON.stringify(outcomes))
})

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A fault's place is there, or would be a member of what is there. */
function resolves(root: unknown, path: string): boolean {
  const [hash, ...keys] = path
    .split('/')
    .map(key => key.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (hash !== '#') return false
  let at = root
  for (const [place, key] of keys.entries()) {
    if (typeof at !== 'object' || at === null) return false
    if (!Object.hasOwn(at, key)) return place === keys.length - 1
    at = (at as Record<string, unknown>)[key]
  }
  return true
}

const folder = join(import.meta.dirname, '../flows')
const valid = readdirSync(folder)
  .filter(name => name.split('.').length === 2)
  .filter(name => name.endsWith('.json'))
  .map(name => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown)

const name = fc.constantFrom('Trigger', 'a', 'b', 'c', '', '__proto__', 'has space')
const event = fc.constantFrom(
  'incomingRequest',
  'sent',
  'failed',
  'match',
  'noMatch',
  'next',
  'resumed'
)

/** Has the shape of a definition, and mostly little sense. */
const nearly: Arbitrary<unknown> = fc.record({
  initial_state: name,
  states: fc.array(
    fc.record({
      name,
      type: fc.oneof(fc.constantFrom(...Object.keys(widgets)), name),
      transitions: fc.array(
        fc.record(
          { event, next: fc.option(name), conditions: fc.option(fc.jsonValue()) },
          { requiredKeys: ['event'] }
        ),
        { maxLength: 3 }
      ),
      properties: fc.oneof(
        fc.constant({
          body: 'x',
          input: 'y',
          conversation_sid: 'z',
          flow_sid: 'FW000000000000000000000000000000b1',
          method: 'GET',
          url: 'u',
          workflow: 'w',
          channel: 'c',
          participants: [{}]
        }),
        fc.dictionary(
          fc.constantFrom(
            ...['body', 'input', 'timeout', 'variables', 'flow_sid', 'method', 'url'],
            ...['participants', 'parameters', 'priority', 'a/b~c']
          ),
          fc.jsonValue()
        )
      )
    }),
    { maxLength: 5 }
  )
})

/** A valid flow in which one or two values were taken away, replaced, or put elsewhere. */
const mutated: Arbitrary<unknown> = fc
  .tuple(
    fc.constantFrom(...valid),
    fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.jsonValue()), { minLength: 1, maxLength: 2 })
  )
  .map(([definition, changes]) => {
    const copy = structuredClone(definition)
    for (const [place, how, value] of changes) change(copy, place, how, value)
    return copy
  })

function change(root: unknown, place: number, how: number, value: unknown): void {
  const places = [...placesOf(root)]
  const [holder, key] = places[place % places.length] ?? []
  const [otherHolder, otherKey] = places[(place * 7 + 3) % places.length] ?? []
  if (!holder || key === undefined || !otherHolder || otherKey === undefined) return
  if (how === 0) delete holder[key]
  else if (how === 1) holder[key] = value
  else if (how === 2) holder[key] = structuredClone(otherHolder[otherKey])
  else holder[key] = String(holder[key])
  if (how === 0 && Array.isArray(holder))
    holder.splice(0, holder.length, ...holder.filter(() => true))
}

function* placesOf(value: unknown): Generator<[Record<string, unknown>, string]> {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    yield [value as Record<string, unknown>, key]
    yield* placesOf((value as Record<string, unknown>)[key])
  }
}
