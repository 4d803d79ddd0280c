import type { InboxEvent } from '../engine/event.ts'
import type { Tools } from './runtime.ts'

/** Puts an event into the inbox of an execution that is held; false where it was taken before. */
export async function accept(
  { executions, clock }: Tools,
  sid: string,
  event: InboxEvent
): Promise<boolean> {
  const { outcome } = await executions.deliver(sid, event, { now: clock.now(), claim: false })
  return outcome === 'queued'
}
