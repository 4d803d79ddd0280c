import type { Event } from '../engine/event.ts'
import type { Execution, Step } from '../engine/execution.ts'
import { dueAt } from './due.ts'
import { acceptDue, inConversationOrder } from './next-events.ts'
import { perform } from './perform.ts'
import type { Claim } from './ports.ts'
import type { Tools } from './runtime.ts'
import { take } from './take.ts'

/**
 * Runs the turn of one claim: takes each event as far as it goes, does what it asks for on the way, and
 * commits everything at once; then goes on with what came in meanwhile. Answers the execution as saved.
 * Throws `FenceLost` where another worker has taken over; nothing was saved then.
 */
export async function runTurn(tools: Tools, claim: Claim): Promise<Execution> {
  let { execution, inbox, recovering } = claim
  for (;;) {
    const steps: Step[] = []
    const events = inConversationOrder(inbox)
    if (events.length === 0) await acceptDue(tools, execution)
    for (const event of events) execution = await settle(tools, execution, event, recovering, steps)
    inbox = await tools.executions.commit(claim, {
      execution,
      steps,
      consumed: events.map(({ id }) => id),
      dueAt: dueAt(execution, tools.env.limits),
      hold: false,
      now: tools.clock.now()
    })
    if (inbox.length === 0) return execution
    recovering = false
  }
}

/** Takes one event and the answers to all the effects that come up; collects the steps on the way. */
async function settle(
  tools: Tools,
  before: Execution,
  first: Event,
  recovering: boolean,
  steps: Step[]
): Promise<Execution> {
  let execution = before
  let event: Event | null = first
  while (event) {
    const advanced = await take(tools, execution, event)
    const { effect } = advanced
    execution = advanced.execution
    steps.push(...advanced.steps)
    event = effect && {
      type: 'effect-settled',
      id: effect.id,
      effectId: effect.id,
      answer: await perform(tools, effect, execution, recovering),
      at: tools.clock.now()
    }
  }
  return execution
}
