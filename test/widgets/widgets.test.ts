// Every widget type by itself. `<type>.json` holds its cases: properties and context in, outcomes and warnings out.
// Run with UPDATE=1 to write what came out instead, and review the difference like code.
import { deepStrictEqual, ok } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Context } from '../../src/engine/context.ts'
import type { Effect, EffectRequest } from '../../src/engine/effect.ts'
import type { Json, JsonObject } from '../../src/engine/json.ts'
import type { Outcome, Resumption, Visit, Widget } from '../../src/engine/widget.ts'
import { parseFlow } from '../../src/flow/parse.ts'
import type { Transition } from '../../src/flow/schema.ts'
import { widgets } from '../../src/widgets/index.ts'
import { type ScriptedAnswer, settle } from '../support/golden-answers.ts'
import { conversationSid, serviceSid, sid } from '../support/golden-events.ts'
import { makeEnv, stored } from '../support/pure-env.ts'

interface WidgetCase {
  readonly about: string
  readonly properties?: Readonly<Record<string, unknown>>
  /** Those the type has, unwired, unless told. */
  readonly transitions?: readonly Transition[]
  /** One in which the execution talks in a Conversation, unless told. */
  readonly context?: Context
  readonly triggeredBy?: string
  readonly depth?: number
  /** What the widget is resumed with, once for each pause: a reply, its timer, an effect's answer, or a subflow's end. */
  readonly then?: readonly (
    | ScriptedAnswer
    | { readonly reply: string }
    | { readonly timeout: true }
    | Returned
  )[]
  readonly expected: Expected
}

/** How the subflow that it called came out. */
interface Returned {
  readonly returned: { readonly completed: boolean; readonly variables?: JsonObject }
}

interface Expected {
  readonly outcomes: readonly object[]
  readonly warnings?: readonly (readonly [code: number | null, message: string])[]
}

/** Types that no Conversation can run share one file: for each the transition it leaves by, or null where it ends all. */
type Unsupported = Readonly<Record<string, string | null>>

const folder = import.meta.dirname
const update = process.env.UPDATE === '1'
const env = makeEnv()
const unsupported = read<Unsupported>('unsupported.json')

/** Where the transitions of a case may lead. */
const neighbours = ['a', 'b', 'c'].map(name => ({ name, type: 'set-variables', transitions: [] }))

const joined: Context = {
  trigger: { request: { to: '+15550100', from: '+15550199', parameters: {} } },
  contact: { channel: { address: '+15550100' } },
  flow: {
    channel: {
      address: '+15550199',
      sid: conversationSid,
      type: 'conversation',
      status: 'active',
      details: { chat_service_sid: serviceSid }
    },
    data: { name: 'Ana', count: 7, list: ['x', 'y'] },
    variables: {}
  },
  widgets: {}
}

for (const [type, widget] of Object.entries(widgets)) {
  t.test(type, async t => {
    t.equal(widget.type, type, 'is listed under its own name')
    const file = `${type}.json`
    if (!existsSync(join(folder, file))) {
      t.ok(Object.hasOwn(unsupported, type), `has cases in ${file}, or a line in unsupported.json`)
      return checkUnsupported(t, widget, unsupported[type] ?? null)
    }
    const cases = read<WidgetCase[]>(file)
    const came = cases.map(each => ({ ...each, expected: visit(widget, each) }))
    if (update) return write(file, came)
    for (const [place, { about, expected }] of cases.entries()) {
      t.strictSame(came[place]?.expected, expected, about)
    }
  })
}

t.test('every file of cases is of a widget type there is', async t => {
  const types = readdirSync(folder)
    .filter(name => name.endsWith('.json') && name !== 'unsupported.json')
    .map(name => name.slice(0, -'.json'.length))
  t.strictSame(
    [...types, ...Object.keys(unsupported)].sort(),
    Object.keys(widgets).sort(),
    'no type twice, none without a widget'
  )
})

function checkUnsupported(t: Test, widget: Widget, failure: string | null): void {
  const { outcomes, warnings = [] } = visit(widget, { about: '', expected: { outcomes: [] } })
  const message = `Reprise does not run ${widget.type} widgets on a Conversation`
  if (failure === null) {
    t.strictSame(outcomes, [{ type: 'fail', code: 81020, message }])
    t.strictSame(warnings, [])
  } else {
    t.strictSame(outcomes, [{ type: 'go', event: failure, writes: [] }])
    t.strictSame(warnings, [[81020, message]])
    t.ok(widget.transitions?.includes(failure), `${failure} is one of its own events`)
  }
}

/** Runs the widget once and resumes it as often as the case says; the same again has to come to the same. */
function visit(widget: Widget, widgetCase: WidgetCase): Expected {
  const first = visitOnce(widget, widgetCase)
  deepStrictEqual(visitOnce(widget, widgetCase), first, 'the same input gave two outcomes')
  return first
}

function visitOnce(widget: Widget, { then = [], ...given }: WidgetCase): Expected {
  const warnings: [number | null, string][] = []
  const visit = makeVisit(widget, given, (code, message) => warnings.push([code, message]))
  let outcome = stored(widget.run(visit))
  const outcomes = [outcome]
  for (const next of then) {
    outcome = stored(goOn(widget, visit, outcome, next))
    outcomes.push(outcome)
  }
  if (outcome.type === 'go' && widget.transitions)
    ok(widget.transitions.includes(outcome.event), `${outcome.event} is an event of ${widget.type}`)
  return stored({
    outcomes: outcomes.map(withoutMemory),
    ...(warnings.length > 0 && { warnings })
  })
}

function goOn(
  widget: Widget,
  visit: Visit,
  outcome: Outcome,
  next: NonNullable<WidgetCase['then']>[number]
): Outcome {
  if ('returned' in next) {
    if (outcome.type !== 'call' || !widget.returned) throw new Error('it has called no subflow')
    return widget.returned(visit, next.returned.completed, next.returned.variables ?? {})
  }
  if (outcome.type !== 'wait' && outcome.type !== 'request') throw new Error('it does not pause')
  if (!widget.resume) throw new Error(`${widget.type} cannot be resumed`)
  return widget.resume(visit, resumption(next, outcome), outcome.memory)
}

function withoutMemory(outcome: Outcome): object {
  const { memory: _, ...told } = { memory: null as Json, ...outcome }
  return told
}

function resumption(
  next: ScriptedAnswer | { reply: string } | { timeout: true },
  outcome: Outcome
): Resumption {
  if ('timeout' in next) return { type: 'timed-out', id: 'timer', at: 0, token: '1' }
  if ('reply' in next) {
    return {
      type: 'message-received',
      id: sid('IM', 9),
      at: 0,
      conversationSid,
      index: 9,
      sentBy: null,
      payload: { Body: String(next.reply), Author: '+15550100', Index: '9' }
    }
  }
  const effect = (outcome as { effect: EffectRequest }).effect
  return settle({ ...effect, id: 'FN:1:0' } as Effect, next, 0)
}

function makeVisit(widget: Widget, given: Omit<WidgetCase, 'then'>, warn: Visit['warn']): Visit {
  const { context = joined, triggeredBy = 'incomingRequest', depth = 1 } = given
  const transitions = given.transitions ?? (widget.transitions ?? []).map(event => ({ event }))
  const name = 'it'
  const state = { name, type: widget.type, transitions, properties: given.properties ?? {} }
  const parsed = parseFlow({ initial_state: name, states: [...neighbours, state] }, widgets)
  if (!parsed.ok) throw new Error(`${given.about}: ${JSON.stringify(parsed.faults)}`)
  return {
    name,
    properties: stored(state.properties),
    transitions: stored(transitions),
    context: stored(context),
    execution: {
      sid: 'FN00050000000000000000000000000001',
      flowSid: 'FW00000000000000000000000000000001',
      stepSid: 'FT00050000000000000000000000000002',
      triggeredBy,
      depth
    },
    now: Date.UTC(2026, 10, 22, 10),
    limits: env.limits,
    warn,
    render(template) {
      const { text, fault } = env.render(template, context, 0)
      if (fault !== null) warn(81018, fault)
      return text
    },
    matches: (pattern, text) => env.matches(pattern, text) ?? false
  }
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
}

function write(name: string, cases: readonly WidgetCase[]): void {
  const file = join(folder, name)
  writeFileSync(file, JSON.stringify(cases))
  execFileSync('node_modules/.bin/biome', ['format', '--write', file], { stdio: 'ignore' })
}
