// Takes an execution through whatever may happen, and looks after each event whether all is as it should be.
import { deepStrictEqual, ok } from 'node:assert'
import { channelOf } from '../../src/engine/channel.ts'
import type { Effect } from '../../src/engine/effect.ts'
import type { Event } from '../../src/engine/event.ts'
import { type Execution, newExecution, type Step, stepSid } from '../../src/engine/execution.ts'
import type { Flows } from '../../src/engine/journey.ts'
import type { Limits } from '../../src/engine/limits.ts'
import { EventRefused } from '../../src/engine/refusal.ts'
import { advanceTwice } from './golden.ts'
import { type Action, toAny } from './golden-chaos.ts'
import { checkStored } from './golden-checks.ts'
import { flowSid } from './golden-flows.ts'
import { makeEnv, stored } from './pure-env.ts'

export const begin = (
  mode: Execution['mode'],
  triggeredBy: Execution['triggeredBy'] = 'incomingRequest'
): Execution =>
  newExecution({
    sid: 'FN00050000000000000000000000000001',
    accountSid: 'AC00000000000000000000000000000001',
    flowSid,
    flowRevision: 7,
    mode,
    createdAt: 1_000_000,
    to: '+15550100',
    from: '+15550199',
    contactSid: 'FC00000000000000000000000000000001',
    initiatedBy: 'RQ00000000000000000000000000000001',
    triggeredBy
  })

/** Narrow enough to be reached. */
const limits: Partial<Limits> = {
  steps: 25,
  sameWidget: 4,
  contextSize: 9000,
  subflowDepth: 3,
  problems: 5
}

/** Answers what the execution came to; `seen` collects what it met on the way. */
export function walk(
  flows: Flows,
  first: Execution,
  actions: readonly Action[],
  seen = new Set<string>()
): Execution {
  const env = makeEnv(limits)
  const steps: Step[] = []
  const effectIds: string[] = []
  let before = stored(first)
  let now = before.createdAt
  for (const action of actions) {
    now += 1000
    const event = stored(toAny(action, before, now))
    try {
      const { execution, ...came } = advanceTwice(flows, before, event, env)
      const after = stored(execution)
      steps.push(...came.steps)
      if (came.effect) effectIds.push(came.effect.id)
      checkStored(after, steps)
      checkChange(before, after, event, came.steps, came.effect)
      for (const { transition } of came.steps) seen.add(transition)
      if (came.effect) seen.add(came.effect.type)
      for (const { code } of after.problems) seen.add(String(code))
      seen.add(after.end?.reason ?? after.pause?.type ?? 'new')
      seen.add(`${after.frames.length} deep`)
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
  checkBounds(after)
  ok(after.stepCount === before.stepCount + steps.length, 'each step is counted once')
  ok(after.visitCount >= before.visitCount, 'visits are only added')
  const kept = after.pause?.type === 'effect' ? after.pause.effect : null
  if (effect) deepStrictEqual(kept, stored(effect), 'what is asked for is kept in the pause')
  else if (kept) deepStrictEqual(after.pause, before.pause, 'nobody waits for what was not asked')
  if (before.status === 'ended') {
    deepStrictEqual({ ...after, problems: [] }, { ...before, problems: [] }, 'the end is the end')
  }
  if (steps.length === 0) return
  if (event.type === 'message-received') {
    const { pause } = before
    ok(
      pause?.type === 'reply' && event.index > pause.afterIndex,
      'an answer is newer than its question'
    )
    const channel = channelOf(before.context)?.conversationSid
    ok(event.conversationSid === channel && event.sentBy === null, 'is of this talk, and not ours')
  }
  if (event.type === 'timed-out' || event.type === 'conversation-lost') {
    ok(
      before.pause?.type === 'reply' && before.pause.token === event.token,
      'a timer is of this wait'
    )
  }
  if (event.type === 'conversation-lost') {
    ok(after.end?.reason === 'failed', 'a lost Conversation ends it')
    const { tasks = [] } = after.teardown ?? {}
    const lost = channelOf(before.context)?.conversationSid
    ok(
      tasks.every(task => task.conversationSid !== lost || task.type === 'remove-webhook'),
      'and nothing but the webhook is touched there'
    )
  }
}

function checkBounds(after: Execution): void {
  const { steps = 0, problems = 0, contextSize = 0, subflowDepth = 0 } = limits
  ok(after.visitCount <= steps + 1, 'the steps are bounded')
  ok(after.problems.length <= problems, 'the problems are bounded')
  ok(after.contextSize <= contextSize, 'the context is bounded')
  ok(after.frames.length <= subflowDepth + 1, 'the subflows are bounded')
  for (const problem of after.problems) {
    const { stepSid: sid } = problem
    const known = Array.from({ length: after.visitCount }, (_, visit) => stepSid(after.sid, visit))
    ok(sid === undefined || known.includes(sid), 'a problem is of a visit there was')
  }
}
