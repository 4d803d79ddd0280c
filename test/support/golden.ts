// Plays a golden conversation: one flow, one trigger, the events and Twilio's answers, all from a JSON file.
import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { type Advanced, advance } from '../../src/engine/advance.ts'
import { applyWrites } from '../../src/engine/context.ts'
import type { Effect } from '../../src/engine/effect.ts'
import type { Event } from '../../src/engine/event.ts'
import { type Execution, newExecution, type Step, stepSid } from '../../src/engine/execution.ts'
import type { Flows } from '../../src/engine/journey.ts'
import type { JsonObject } from '../../src/engine/json.ts'
import type { Limits } from '../../src/engine/limits.ts'
import { EventRefused } from '../../src/engine/refusal.ts'
import type { Flow } from '../../src/flow/flow.ts'
import { type ScriptedAnswer, settle } from './golden-answers.ts'
import { type ScriptedEvent, toEvent } from './golden-events.ts'
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
  readonly triggeredBy?: string
  readonly mode?: Execution['mode']
  readonly limits?: Partial<Limits>
  readonly events: readonly ScriptedEvent[]
  /** Twilio's answers in the order in which the flow asks for them. */
  readonly answers: readonly ScriptedAnswer[]
  readonly expected: Expected
}

export interface Expected {
  readonly effects: readonly Effect[]
  readonly steps: readonly string[]
  /** What a caller was told instead, where an event was refused. */
  readonly refused?: readonly string[]
  readonly execution: object
}

const startedAt = Date.UTC(2026, 10, 22, 10)
const executionSid = 'FN00050000000000000000000000000001'
const flowSid = 'FW00000000000000000000000000000001'

/** Everything that came of the script, in the shape of the file's `expected`. Throws where the script does not fit. */
export function play(flow: Flow, golden: GoldenCase): Expected {
  const env = makeEnv(golden.limits)
  const flows: Flows = () => flow
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
      if (!('meanwhile' in next)) return take(settle(effect, next, now))
      const meanwhile = take(toEvent(next.meanwhile, execution, now))
      ok(!meanwhile, 'an event that came before the answer asked for an effect')
    }
    throw new Error(`No answer is scripted for ${JSON.stringify(effect)}`)
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
      steps: steps.map(line),
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

/** What must be true of an execution whenever it is saved, whatever happened before. */
export function checkStored(execution: Execution, steps: readonly Step[]): void {
  const { context, stepCount, status, pause, end } = execution
  const folded = steps.reduce((before, { writes }) => applyWrites(before, writes), {})
  deepStrictEqual(context, stored(folded), 'the context is the fold of what the steps wrote')
  deepStrictEqual(
    steps.map(({ number }) => number),
    Array.from({ length: stepCount }, (_, number) => number),
    'steps are numbered without a gap'
  )
  ok((status === 'ended') === (end !== null), 'only an ended execution has an end')
  ok((status === 'ended') === (pause === null), 'an active execution waits for something')
}

/** One line for each step: `0.75-11s ask (send-and-wait-for-reply) incomingMessage -> split; widgets.ask`. */
function line(step: Step): string {
  const { sid, number, widget, type, transition, next, enteredAt, leftAt, writes } = step
  strictEqual(sid, stepSid(executionSid, number))
  strictEqual(step.parentSid, null)
  const asked = step.requestId === undefined ? '' : `${step.requestId}: `
  const written =
    writes.length === 0 ? '' : `; ${writes.map(({ path }) => path.join('.')).join(' ')}`
  const time = `${seconds(enteredAt)}-${seconds(leftAt)}s`
  return `${asked}${time} ${widget} (${type}) ${transition} -> ${next}${written}`
}

const seconds = (at: number): number => (at - startedAt) / 1000

/** What the file says of the execution in the end; times are seconds since its start. */
const outcome = ({
  status,
  mode,
  updatedAt,
  end,
  pause,
  teardown,
  problems,
  context
}: Execution) => ({
  status,
  mode,
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
