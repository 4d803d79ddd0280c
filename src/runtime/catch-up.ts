import type { Execution } from '../engine/execution.ts'
import { deliverMessage } from './deliver.ts'
import { missedMessages } from './next-events.ts'
import type { Position } from './ports.ts'
import type { Runtime } from './runtime.ts'

/** Looked at side by side; few, so that live turns hardly notice. */
const atOnce = 10

/**
 * Finds the replies to waits that began before `startedAt`: nobody may have listened since, and Twilio calls
 * a webhook only once. What cannot be read now is found before the wait times out. Ends early where
 * `goesOn` says so.
 */
export async function catchUp(
  runtime: Runtime,
  startedAt: number,
  goesOn: () => boolean
): Promise<void> {
  const { executions, flows } = runtime
  for (const { flowSid } of await flows.store.listFlows()) {
    let older: Position | undefined
    do {
      const active = await executions.list({
        flowSid,
        status: 'active',
        limit: atOnce,
        ...(older && { older })
      })
      if (!goesOn()) return
      await Promise.all(active.map(execution => deliverMissed(runtime, execution, startedAt)))
      older = active.length === atOnce ? active.at(-1) : undefined
    } while (older)
  }
}

async function deliverMissed(
  runtime: Runtime,
  execution: Execution,
  startedAt: number
): Promise<void> {
  const { pause, sid } = execution
  if (pause?.type !== 'reply' || pause.since >= startedAt) return
  try {
    for (const message of await missedMessages(runtime, execution, pause, runtime.clock.now())) {
      await deliverMessage(runtime, sid, message)
    }
  } catch (error) {
    runtime.logger.warn(
      { executionSid: sid, error },
      'Replies could not be looked for; tried later'
    )
  }
}
