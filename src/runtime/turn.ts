import type { Effect } from '../engine/effect.ts'
import type { EffectSettled, Event, InboxEvent } from '../engine/event.ts'
import type { Execution, Step } from '../engine/execution.ts'
import { dueAt } from './due.ts'
import { leavesGap, readGap } from './gap.ts'
import type { Lease } from './lease.ts'
import { acceptDue, inConversationOrder } from './next-events.ts'
import { leavesNoTrace, perform } from './perform.ts'
import type { Claim } from './ports.ts'
import type { Tools } from './runtime.ts'
import { take } from './take.ts'

/** What a turn has come to, and not yet saved. */
interface Turn {
  readonly claim: Claim
  readonly lease: Lease
  execution: Execution
  steps: Step[]
  consumed: string[]
  /** An earlier turn may have done what this one sets out to do. */
  recovering: boolean
}

/**
 * Runs the turn of one claim: takes each event as far as it goes, does what it asks for on the way, and
 * commits everything at once; then goes on with what came in meanwhile. Answers the execution as saved.
 * Throws `FenceLost` where another worker has taken over; nothing was saved then, and nothing more is done.
 */
export async function runTurn(tools: Tools, claim: Claim, lease: Lease): Promise<Execution> {
  const { execution, recovering } = claim
  const turn: Turn = { claim, lease, execution, recovering, steps: [], consumed: [] }
  // One that was saved while an effect was still to be done goes on with that effect.
  if (execution.pause?.type === 'effect') await settleAll(tools, turn, execution.pause.effect)
  for (let { inbox } = claim; ; ) {
    const allTaken = await takeAll(tools, turn, inConversationOrder(inbox))
    if (inbox.length === 0) turn.execution = await acceptDue(tools, turn.execution)
    inbox = await commit(tools, turn, false)
    // What comes next, an earlier turn may have done along with what is saved now.
    if (!allTaken) turn.recovering = recovering
    if (inbox.length === 0) return turn.execution
  }
}

/** False where it stopped before a message, as the inbox may have an earlier one now. */
async function takeAll(tools: Tools, turn: Turn, events: readonly InboxEvent[]): Promise<boolean> {
  for (const event of events) {
    if (leavesGap(turn.execution, event) && (await readGap(tools, turn, event))) return false
    turn.consumed.push(event.id)
    await settleAll(tools, turn, await advanceBy(tools, turn, event))
  }
  return true
}

async function settleAll(tools: Tools, turn: Turn, first: Effect | null): Promise<void> {
  for (let effect = first; effect; ) {
    if (tools.alwaysSuspend) effect = await suspended(tools, turn, effect)
    const next: Effect | null = await advanceBy(tools, turn, await settled(tools, turn, effect))
    if (leavesNoTrace(effect)) await commit(tools, turn, true)
    effect = next
  }
}

/** The effect that comes up, as the store gives it back. It may have been done before this turn, as ever. */
async function suspended(tools: Tools, turn: Turn, effect: Effect): Promise<Effect> {
  const { recovering } = turn
  await commit(tools, turn, true)
  turn.recovering = recovering
  const { pause } = turn.execution
  return pause?.type === 'effect' ? pause.effect : effect
}

/** Answers the effect that comes up. */
async function advanceBy(tools: Tools, turn: Turn, event: Event): Promise<Effect | null> {
  const { execution, steps, effect } = await take(tools, turn.execution, event)
  turn.execution = execution
  turn.steps.push(...steps)
  return effect
}

async function settled(
  tools: Tools,
  { lease, execution, recovering }: Turn,
  effect: Effect
): Promise<EffectSettled> {
  await lease.ours()
  const answer = await perform(tools, effect, execution, recovering)
  return {
    type: 'effect-settled',
    id: effect.id,
    effectId: effect.id,
    answer,
    at: tools.clock.now()
  }
}

async function commit(tools: Tools, turn: Turn, hold: boolean): Promise<readonly InboxEvent[]> {
  const { executions, clock, alwaysSuspend } = tools
  const { claim, lease, execution, steps, consumed } = turn
  const now = clock.now()
  const inbox = await executions.commit(claim, {
    execution,
    steps,
    consumed,
    dueAt: dueAt(tools, execution),
    hold,
    now
  })
  if (hold || inbox.length > 0) lease.renewed(now)
  turn.steps = []
  turn.consumed = []
  turn.recovering = false
  if (alwaysSuspend) turn.execution = (await executions.fetch(execution.sid)) ?? execution
  return inbox
}
