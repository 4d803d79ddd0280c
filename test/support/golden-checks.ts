// What must be true of every execution whenever it is saved, whatever happened before.
import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import { applyWrites } from '../../src/engine/context.ts'
import { type Execution, type Step, stepSid } from '../../src/engine/execution.ts'
import { stored } from './pure-env.ts'

export function checkStored(execution: Execution, steps: readonly Step[]): void {
  const { status, pause, end } = execution
  checkContext(execution, steps)
  checkNumbers(execution, steps)
  checkParents(execution, steps)
  checkTeardown(execution)
  ok((status === 'ended') === (end !== null), 'only an ended execution has an end')
  ok((status === 'ended') === (pause === null), 'an active execution waits for something')
}

function checkContext(
  { context, contextSize, unrecorded, end, pause }: Execution,
  steps: readonly Step[]
): void {
  const writes = [...steps.flatMap(step => step.writes), ...unrecorded]
  deepStrictEqual(
    context,
    stored(applyWrites({}, writes)),
    'the context is the fold of what the steps wrote'
  )
  const settled = pause?.type === 'step' || end?.reason === 'completed' || end?.reason === 'failed'
  ok(!settled || unrecorded.length === 0, 'nothing written is left without its step')
  const size = JSON.stringify(context).length
  ok(contextSize >= 0 && contextSize <= size, `size ${contextSize} of ${size}`)
}

function checkNumbers({ sid, stepCount, visitCount }: Execution, steps: readonly Step[]): void {
  deepStrictEqual(
    steps.map(({ number }) => number),
    Array.from({ length: stepCount }, (_, number) => number),
    'steps are numbered without a gap'
  )
  const visits = new Set(Array.from({ length: visitCount }, (_, visit) => stepSid(sid, visit)))
  for (const step of steps) ok(visits.delete(step.sid), 'each step is a visit, and no visit is two')
}

/** A step of a subflow names the visit that called it: one that is still open, or a later step. */
function checkParents({ sid, frames, pause }: Execution, steps: readonly Step[]): void {
  for (const [level, { caller }] of frames.entries()) {
    const calling = level === 0 ? undefined : stepSid(sid, frames[level - 1]?.visit ?? -1)
    strictEqual(caller?.stepSid, calling, 'a frame knows the visit that called it')
  }
  ok(pause?.type !== 'step' || frames.length === 1, 'a caller decides outside of subflows only')
  const open = new Set(frames.slice(0, -1).map(({ visit }) => stepSid(sid, visit)))
  for (const { parentSid, number } of steps) {
    const parent = steps.find(step => step.sid === parentSid)
    ok(parentSid === null || parent || open.has(parentSid), 'the calling step is there, or open')
    ok(!parent || (parent.number > number && parent.type === 'run-subflow'), 'and comes later')
  }
}

/** Whatever was addressed is looked after in the end: webhooks go, what we made in vain too, and then is closed what is to be closed. */
function checkTeardown({ status, attachments, end, teardown }: Execution): void {
  ok(status === 'ended' || teardown === null, 'nothing is torn down before the end')
  if (status === 'active') return
  const attached = attachments.filter(each => each.attached)
  const told = teardown?.tasks.map(task => `${task.type} ${task.conversationSid}`) ?? []
  ok(new Set(told).size === told.length, 'nothing is done twice')
  ok(
    new Set(attached.map(each => each.conversationSid)).size <= 1,
    'one Conversation per execution'
  )
  for (const { conversationSid, created } of attachments) {
    const joined = attached.some(each => each.conversationSid === conversationSid)
    const removal = created && !joined ? 'delete-conversation' : 'remove-webhook'
    ok(told.includes(`${removal} ${conversationSid}`), 'nothing of ours is left behind')
  }
  const last = attached.at(-1)
  const closes = last?.close && end?.reason !== 'replaced'
  deepStrictEqual(
    told.filter(task => task.startsWith('close-conversation')),
    closes ? [`close-conversation ${last.conversationSid}`] : [],
    'what is to be closed is closed, and nothing else'
  )
  if (!closes) return
  const removed = told.indexOf(`remove-webhook ${last.conversationSid}`)
  ok(told.indexOf(`close-conversation ${last.conversationSid}`) > removed, 'the webhook goes first')
}
