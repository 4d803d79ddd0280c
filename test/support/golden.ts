// Plays a golden conversation: one flow, one trigger, the events and Twilio's answers, all from a JSON file.
import { deepStrictEqual, ok } from 'node:assert'
import { type Advanced, advance } from '../../src/engine/advance.ts'
import { applyWrites, type Context, read } from '../../src/engine/context.ts'
import type { Answer, Effect } from '../../src/engine/effect.ts'
import type { EffectSettled, Event } from '../../src/engine/event.ts'
import { type Execution, newExecution, type Step, stepSid } from '../../src/engine/execution.ts'
import type { Flows } from '../../src/engine/journey.ts'
import type { JsonObject } from '../../src/engine/json.ts'
import type { Limits } from '../../src/engine/limits.ts'
import { EventRefused } from '../../src/engine/refusal.ts'
import { type ScriptedAnswer, settle } from './golden-answers.ts'
import { checkStored } from './golden-checks.ts'
import { type ScriptedEvent, toEvent } from './golden-events.ts'
import { flowSid } from './golden-flows.ts'
import { makeEnv, stored } from './pure-env.ts'

export interface GoldenCase {
  /** One sentence: what this conversation shows. It names the test. */
  readonly about: string
  readonly trigger: {
    readonly to: string
    readonly from: string
    readonly parameters: JsonObject
  }
  /** The event by which the trigger is left; `incomingRequest` unless told. */
  readonly triggeredBy?: Execution['triggeredBy']
  readonly mode?: Execution['mode']
  readonly limits?: Partial<Limits>
  /** Places in the context to look at after each step. */
  readonly watch?: readonly string[]
  readonly events: readonly ScriptedEvent[]
  /** Twilio's answers in the order in which the flow asks for them. */
  readonly answers: readonly ScriptedAnswer[]
  readonly expected: Expected
}

export interface Expected {
  readonly effects: readonly Effect[]
  readonly steps: readonly string[]
  readonly watched?: readonly object[]
  /** What a caller was told instead, where an event was refused. */
  readonly refused?: readonly string[]
  readonly execution: object
}

const startedAt = Date.UTC(2026, 10, 22, 10)
const executionSid = 'FN00050000000000000000000000000001'

/** Everything that came of the script, in the shape of the file's `expected`. Throws where the script does not fit. */
export function play(known: Flows, golden: GoldenCase): Expected {
  const env = makeEnv(golden.limits)
  const loaded = new Set([`${flowSid} 1`])
  const flows: Flows = (sid, revision) => {
    ok(loaded.has(`${sid} ${revision}`), `revision ${revision} of ${sid} was never loaded`)
    return known(sid, revision)
  }
  const answers = [...golden.answers]
  const effects: Effect[] = []
  const steps: Step[] = []
  const refused: string[] = []
  let now = startedAt
  let execution = begin(golden)

  function take(event: Event): Effect | null {
    now = event.at
    try {
      const advanced = advanceTwice(flows, execution, stored(event), env)
      execution = stored(advanced.execution)
      steps.push(...advanced.steps)
      if (advanced.effect) effects.push(advanced.effect)
      checkStored(execution, steps)
      return advanced.effect
    } catch (error) {
      if (!(error instanceof EventRefused)) throw error
      refused.push(error.message)
      return null
    }
  }

  function answer(effect: Effect): Effect | null {
    for (let next = answers.shift(); next; next = answers.shift()) {
      if (!('meanwhile' in next)) return take(load(effect, settle(effect, next, now)))
      const meanwhile = take(toEvent(next.meanwhile, execution, now))
      ok(!meanwhile, 'an event that came before the answer asked for an effect')
    }
    throw new Error(`No answer is scripted for ${JSON.stringify(effect)}`)
  }

  function load(effect: Effect, settled: EffectSettled): EffectSettled {
    const { answer } = settled
    if (effect.type === 'load-flow' && answer.ok)
      loaded.add(
        `${effect.flowSid} ${(answer as Answer<'load-flow'> & { ok: true }).value.revision}`
      )
    return settled
  }

  const trigger: Event = {
    type: 'triggered',
    id: 'trigger',
    at: startedAt,
    parameters: golden.trigger.parameters
  }
  for (let effect = take(trigger); effect; effect = answer(effect));
  for (const event of golden.events) {
    for (let effect = take(toEvent(event, execution, now)); effect; effect = answer(effect));
  }
  deepStrictEqual(answers, [], 'scripted answers that nobody asked for')

  return JSON.parse(
    JSON.stringify({
      effects,
      steps: steps.map(step => line(step, depthOf(step, steps, execution))),
      ...(golden.watch && { watched: watch(golden.watch, steps) }),
      ...(refused.length > 0 && { refused }),
      execution: outcome(execution)
    })
  ) as Expected
}

const begin = ({ trigger, triggeredBy = 'incomingRequest', mode = 'flow' }: GoldenCase) =>
  stored(
    newExecution({
      sid: executionSid,
      accountSid: 'AC00000000000000000000000000000001',
      flowSid,
      flowRevision: 1,
      mode,
      createdAt: startedAt,
      to: trigger.to,
      from: trigger.from,
      contactSid: 'FC00000000000000000000000000000001',
      initiatedBy: 'RQ00000000000000000000000000000001',
      triggeredBy
    })
  )

/** The same question twice, for the engine has to give the same answer; frozen input makes any change to it throw. */
export function advanceTwice(
  flows: Flows,
  execution: Execution,
  event: Event,
  env: ReturnType<typeof makeEnv>
): Advanced {
  const first = attempt(() => advance(flows, execution, event, env))
  const second = attempt(() => advance(flows, execution, event, env))
  deepStrictEqual(second, first, 'the same event gave two answers')
  if ('thrown' in first) throw first.thrown
  return first.value
}

function attempt<T>(run: () => T): { value: T } | { thrown: unknown } {
  try {
    return { value: run() }
  } catch (thrown) {
    return { thrown }
  }
}

/** One line for each step: `0.75-11s ask (send-and-wait-for-reply) incomingMessage -> split; widgets.ask`. Each level of subflows adds a `>`. */
function line(step: Step, depth: number): string {
  const { widget, type, transition, next, enteredAt, leftAt, writes } = step
  const inside = depth === 0 ? '' : `${'>'.repeat(depth)} `
  const asked = step.requestId === undefined ? '' : `${step.requestId}: `
  const written =
    writes.length === 0 ? '' : `; ${writes.map(({ path }) => path.join('.')).join(' ')}`
  const time = `${seconds(enteredAt)}-${seconds(leftAt)}s`
  return `${inside}${asked}${time} ${widget} (${type}) ${transition} -> ${next}${written}`
}

/** How many subflows a step is in, by the steps that called them and the visits that are still open. */
function depthOf(step: Step, steps: readonly Step[], execution: Execution): number {
  const { sid, frames } = execution
  if (step.parentSid === null) return 0
  const parent = steps.find(other => other.sid === step.parentSid)
  if (parent) return 1 + depthOf(parent, steps, execution)
  return 1 + frames.findIndex(({ visit }) => stepSid(sid, visit) === step.parentSid)
}

/** The places that a case watches, as they stood after each step where one of them was another than before. */
function watch(paths: readonly string[], steps: readonly Step[]): object[] {
  let context: Context = {}
  let before = ''
  return steps.flatMap(({ widget, transition, writes }) => {
    context = applyWrites(context, writes)
    const seen = Object.fromEntries(
      paths.map(path => [path, read(context, ...path.split('.')) ?? null])
    )
    const now = JSON.stringify(seen)
    if (now === before) return []
    before = now
    return [{ after: `${widget} ${transition}`, ...seen }]
  })
}

const seconds = (at: number): number => (at - startedAt) / 1000

/** What the file says of the execution in the end; times are seconds since its start. */
const outcome = ({
  status,
  mode,
  frames,
  updatedAt,
  end,
  pause,
  teardown,
  problems,
  context
}: Execution) => ({
  status,
  mode,
  // Inside a subflow: the widgets where it stands, the outermost first.
  ...(frames.length > 1 && { inside: frames.map(({ widget }) => widget) }),
  updatedAt: seconds(updatedAt),
  end: end && { ...end, at: seconds(end.at) },
  pause:
    pause?.type === 'reply'
      ? { ...pause, since: seconds(pause.since), until: seconds(pause.until) }
      : pause,
  teardown: teardown && { ...teardown, nextAt: seconds(teardown.nextAt) },
  problems: problems.map(problem => ({ ...problem, at: seconds(problem.at) })),
  context
})
