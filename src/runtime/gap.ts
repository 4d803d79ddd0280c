import type { InboxEvent, MessageReceived } from '../engine/event.ts'
import type { Execution } from '../engine/execution.ts'
import { refusal } from '../engine/refusal.ts'
import { accept } from './accept.ts'
import { CallFailed } from './errors.ts'
import { noteOnce } from './look.ts'
import { repliesTo, troubleOf } from './read-back.ts'
import type { Tools } from './runtime.ts'

/** Is there room for an earlier reply between what is known of the Conversation and this message? */
export const leavesGap = ({ pause }: Execution, event: InboxEvent): event is MessageReceived =>
  event.type === 'message-received' &&
  pause?.type === 'reply' &&
  event.index > Math.max(pause.afterIndex, pause.readTo ?? 0) + 1

/**
 * Reads back what was said before a message, as an earlier reply may have lost its webhook, or may still wait
 * for it; that one comes first. Mostly others have filled the gap: programs that post by REST, or a message
 * that was deleted. Where Twilio cannot be read the message is taken all the same, and the execution says
 * so: it is one of the customer's, and nobody should wait for it. True where the inbox is to be taken from
 * anew.
 */
export async function readGap(
  tools: Tools,
  turn: { execution: Execution; readonly consumed: readonly string[] },
  message: MessageReceived
): Promise<boolean> {
  const { execution } = turn
  const { pause, sid } = execution
  if (pause?.type !== 'reply' || refusal(execution, message) !== null) return false
  turn.execution = { ...execution, pause: { ...pause, readTo: message.index } }
  try {
    let earlier = 0
    for (const reply of await repliesTo(tools, execution, pause)) {
      if (reply.index >= message.index || turn.consumed.includes(reply.id)) continue
      await accept(tools, sid, reply)
      earlier += 1
    }
    return earlier > 0
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    const facts = { executionSid: sid, messageSid: message.id, error }
    tools.logger.warn(facts, 'A message is taken, although one before it may be missing')
    turn.execution = noteOnce(tools, turn.execution, troubleOf(execution, error.failure))
    // Saved before it is acted upon: a repeated turn must not come upon the earlier one after all.
    return true
  }
}
