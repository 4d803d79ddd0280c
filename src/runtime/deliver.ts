import type { MessageReceived } from '../engine/event.ts'
import type { Delivered } from './ports.ts'
import type { Runtime } from './runtime.ts'

/**
 * Takes a message in for an execution. When this resolves, the message is durable, or there was nothing to
 * keep; the turn that it may cause runs afterwards.
 */
export async function deliverMessage(
  { executions, worker, clock }: Runtime,
  executionSid: string,
  message: MessageReceived
): Promise<Delivered['outcome']> {
  const delivered = await executions.deliver(executionSid, message, {
    now: clock.now(),
    claim: worker.hasRoom()
  })
  if (delivered.outcome === 'claimed') worker.run(delivered.claim)
  return delivered.outcome
}
