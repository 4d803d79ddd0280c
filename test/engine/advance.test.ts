// What holds for every flow and every order of events; what single conversations come to is in test/flows.
import { deepStrictEqual, ok } from 'node:assert'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import { advance } from '../../src/engine/advance.ts'
import type { Effect } from '../../src/engine/effect.ts'
import type { Event } from '../../src/engine/event.ts'
import {
  type Execution,
  newExecution,
  type Step,
  stepNumber,
  stepSid
} from '../../src/engine/execution.ts'
import type { Flows } from '../../src/engine/journey.ts'
import type { JsonObject } from '../../src/engine/json.ts'
import type { Limits } from '../../src/engine/limits.ts'
import { EventRefused } from '../../src/engine/refusal.ts'
import type { Flow } from '../../src/flow/flow.ts'
import { parseFlow } from '../../src/flow/parse.ts'
import type { State } from '../../src/flow/schema.ts'
import { widgets } from '../../src/widgets/index.ts'
import { advanceTwice, checkStored } from '../support/golden.ts'
import { type Action, actions, parameters, toAny } from '../support/golden-chaos.ts'
import { conversationSid, toEvent } from '../support/golden-events.ts'
import { makeEnv, stored } from '../support/pure-env.ts'

const start = (mode: Execution['mode'], triggeredBy = 'incomingRequest'): Execution =>
  newExecution({
    sid: 'FN00050000000000000000000000000001',
    accountSid: 'AC00000000000000000000000000000001',
    flowSid: 'FW00000000000000000000000000000001',
    flowRevision: 7,
    mode,
    createdAt: 1_000_000,
    to: '+15550100',
    from: '+15550199',
    contactSid: 'FC00000000000000000000000000000001',
    initiatedBy: 'RQ00000000000000000000000000000001',
    triggeredBy
  })

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
  const { execution, steps } = advance(() => flow, start('flow'), triggered(), makeEnv())
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
  advance(flows, start('flow'), triggered(), makeEnv())
  t.strictSame([...asked], ['FW00000000000000000000000000000001 7'])
})

t.test(
  'the size of the context is that of what it holds, however often a variable was set',
  async t => {
    const big = { key: 'a', value: 'x'.repeat(5000) }
    const small = { key: 'a', value: 'x' }
    const flow = flowOf(set('grow', 'shrink', [big]), set('shrink', 'grow', [small, small, small]))
    const env = makeEnv({ contextSize: 11_000, steps: 40 })
    const { execution } = advance(() => flow, start('flow'), triggered(), env)
    t.match(execution.problems, [{ code: 81000 }], 'it grows and shrinks for ever')
    const size = JSON.stringify(execution.context).length
    t.ok(execution.contextSize > 5000 && execution.contextSize <= size, `${execution.contextSize}`)
  }
)

t.test('a message that is ignored changes nothing but the problems', async t => {
  const env = makeEnv()
  const waiting = stored(play(delivery, start('flow'), askedOnly))
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
  const { execution } = advance(() => flow, start('flow'), triggered(parameters), makeEnv())
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
  const { execution } = advance(() => flow, start('flow'), triggered(), makeEnv())
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
  const { execution } = advance(() => flow, start('flow'), triggered(), makeEnv())
  t.match(execution.problems, [
    { code: null, message: /pattern \( is not valid/, step: 1, widget: 'split' },
    { code: 81018, message: /no_such_filter/, step: 2, widget: 'faulty' }
  ])
  t.equal(execution.end?.reason, 'completed', 'and the flow goes on')
})

t.test('the SID of a step names its place, and no place of another execution', async t => {
  const executionSid = fc.stringMatching(/^FN[0-9a-f]{32}$/)
  fc.assert(
    fc.property(executionSid, executionSid, fc.nat(0xffff), (own, other, number) => {
      const step = stepSid(own, number)
      return (
        /^FT[0-9a-f]{32}$/.test(step) &&
        stepNumber(own, step) === number &&
        (other.slice(0, 30) === own.slice(0, 30) || stepNumber(other, step) === null)
      )
    })
  )
  t.equal(stepNumber('FN00050000000000000000000000000001', 'FTzz'), null)
})

t.test('whatever happens in whatever order, an execution stays true to its promises', async t => {
  const seen = new Set<string>()
  fc.assert(
    fc.property(
      fc.constantFrom(...flows.keys()),
      fc.constantFrom('flow' as const, 'flow' as const, 'stepwise' as const),
      fc.constantFrom('incomingRequest', 'incomingRequest', 'incomingConversationMessage'),
      parameters,
      actions(widgetNames),
      (name, mode, triggeredBy, given, others) => {
        const flow = flows.get(name)
        if (!flow) return
        const execution = start(mode, triggeredBy)
        play(flow, execution, [{ do: 'trigger', parameters: given }, ...others], seen)
      }
    ),
    { numRuns: 1500 }
  )
  const reached = [
    'api',
    'completed',
    'effect',
    'expired',
    'failed',
    'reply',
    'step',
    'incomingMessage',
    'timeout'
  ]
  for (const state of reached) t.ok(seen.has(state), `some came to ${state}`)
})

const folder = join(import.meta.dirname, '../flows')
const flows = new Map<string, Flow>(
  readdirSync(folder)
    .filter(name => name.endsWith('.json') && name.split('.').length === 2)
    .map(name => {
      const parsed = parseFlow(readFileSync(join(folder, name), 'utf8'), widgets)
      if (!parsed.ok) throw new Error(name)
      return [name, parsed.flow]
    })
)
const delivery = flows.get('delivery-rating.json') as Flow
const widgetNames = [...new Set([...flows.values()].flatMap(flow => [...flow.widgets.keys()]))]
const limits: Partial<Limits> = { steps: 25, sameWidget: 4, contextSize: 9000, problems: 5 }

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

/** Plays the actions, and looks after each whether all is as it should be. Answers what the execution came to. */
function play(
  flow: Flow,
  first: Execution,
  actions: readonly Action[],
  seen = new Set<string>()
): Execution {
  const env = makeEnv(limits)
  const steps: Step[] = []
  const effectIds: string[] = []
  let before = stored(first)
  let asked: Effect | null = null
  let now = before.createdAt
  for (const action of actions) {
    now += 1000
    const event = stored(toAny(action, before, asked, now))
    try {
      const { execution, ...came } = advanceTwice(() => flow, before, event, env)
      const after = stored(execution)
      steps.push(...came.steps)
      if (came.effect) effectIds.push(came.effect.id)
      checkStored(after, after.stepCount === 0 ? [] : steps)
      checkChange(before, after, event, came.steps, came.effect)
      if (before.status === 'active' || came.effect)
        asked = came.effect ?? (after.pause?.type === 'effect' ? asked : null)
      for (const { transition } of came.steps) seen.add(transition)
      seen.add(after.end?.reason ?? after.pause?.type ?? 'new')
      before = after
    } catch (error) {
      if (!(error instanceof EventRefused)) throw error
      ok(event.type === 'step-requested', 'only a caller is refused')
      ok(before.pause?.type !== 'step', 'and not where a step may be taken')
    }
  }
  deepStrictEqual([...new Set(effectIds)], effectIds, 'no two effects share an id')
  return before
}

function checkChange(
  before: Execution,
  after: Execution,
  event: Event,
  steps: readonly Step[],
  effect: Effect | null
): void {
  ok(after.stepCount === before.stepCount + steps.length, 'each step is counted once')
  ok(after.stepCount <= (limits.steps ?? 0) + 1, 'the steps are bounded')
  ok(after.problems.length <= (limits.problems ?? 0), 'the problems are bounded')
  const size = JSON.stringify(after.context).length
  ok(after.contextSize >= 0 && after.contextSize <= size, `size ${after.contextSize} of ${size}`)
  ok(after.contextSize <= (limits.contextSize ?? 0), 'the context is bounded')
  const askedFor = after.pause?.type === 'effect' ? after.pause.effectId : null
  if (effect) ok(askedFor === effect.id, 'what is asked for is waited for')
  else ok(askedFor === null || deepEqualPause(before, after), 'nobody waits for what was not asked')
  if (before.status === 'ended') {
    deepStrictEqual({ ...after, problems: [] }, { ...before, problems: [] }, 'the end is the end')
  }
  checkTeardown(after)
  if (event.type === 'message-received' && steps.length > 0) {
    const { pause } = before
    ok(
      pause?.type === 'reply' && event.index > pause.afterIndex,
      'an answer is newer than its question'
    )
    ok(event.conversationSid === conversationSid && event.sentBy === null, 'and not ours')
  }
  if (event.type === 'timed-out' && steps.length > 0) {
    ok(
      before.pause?.type === 'reply' && before.pause.token === event.token,
      'a timer is of this wait'
    )
  }
}

const deepEqualPause = (before: Execution, after: Execution): boolean =>
  JSON.stringify(before.pause) === JSON.stringify(after.pause)

/** Every webhook that there may be is removed; after that the Conversation is closed, if that was asked and nobody else goes on in it. */
function checkTeardown({ status, attachments, end, teardown }: Execution): void {
  ok(status === 'ended' || teardown === null, 'nothing is torn down before the end')
  if (status === 'active') return
  ok(attachments.filter(({ attached }) => attached).length <= 1, 'one Conversation per execution')
  const told = teardown?.tasks.map(task => `${task.type} ${task.conversationSid}`) ?? []
  for (const { conversationSid, attached, close } of attachments) {
    const removed = told.indexOf(`remove-webhook ${conversationSid}`)
    ok(removed >= 0, 'no webhook is left behind')
    const closes = attached && close && end?.reason !== 'replaced'
    const closed = told.lastIndexOf(`close-conversation ${conversationSid}`)
    ok(!closes || closed > removed, 'the webhook goes first')
  }
  const toClose =
    end?.reason === 'replaced' ? [] : attachments.filter(each => each.attached && each.close)
  const closings = told.filter(task => task.startsWith('close-conversation'))
  ok(closings.length === toClose.length, 'and nothing else is closed')
}
