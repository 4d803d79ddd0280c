import { channelOf } from '../engine/channel.ts'
import type { Failure } from '../engine/effect.ts'
import type { ConversationLost, MessageReceived } from '../engine/event.ts'
import type { Execution, Problem, ReplyPause } from '../engine/execution.ts'
import { CallFailed } from './errors.ts'
import type { Tools } from './runtime.ts'

/** What a Conversation that an execution waits in has come to. */
export interface ReadBack {
  /** All replies to the wait, oldest first, whether or not anybody has told of them. */
  readonly messages: readonly MessageReceived[]
  /** Set where nobody can answer any more. */
  readonly lost: Pick<ConversationLost, 'loss' | 'code'> | null
}

/** https://www.twilio.com/docs/api/errors/50377 */
const closedCode = 50377

/**
 * Reads a Conversation back, its state first: nobody says anything in one that was closed by then. Throws
 * `CallFailed` where Twilio could not be asked, or does not let us.
 */
export async function readBack(
  tools: Tools,
  execution: Execution,
  pause: ReplyPause
): Promise<ReadBack> {
  const channel = channelOf(execution.context)
  if (!channel) return { messages: [], lost: null }
  try {
    const { state } = await tools.conversations.fetch(channel)
    const messages = await repliesTo(tools, execution, pause)
    return { messages, lost: state === 'closed' ? { loss: 'closed', code: closedCode } : null }
  } catch (error) {
    const code = goneCode(tools, execution, error)
    if (code === null) throw error
    return { messages: [], lost: { loss: 'deleted', code } }
  }
}

/** Messages after the question. A Conversation that is not there any more has none. Throws `CallFailed`. */
export async function repliesTo(
  { conversations, clock }: Tools,
  { context }: Execution,
  { afterIndex }: ReplyPause
): Promise<readonly MessageReceived[]> {
  const channel = channelOf(context)
  if (!channel) return []
  const messages = await conversations.messagesAfter(channel, afterIndex)
  const at = clock.now()
  return messages.map(({ sid, index, sentBy, payload }) => ({
    type: 'message-received',
    id: sid,
    at,
    conversationSid: channel.conversationSid,
    index,
    sentBy,
    payload
  }))
}

/**
 * Twilio's code where the Conversation does not exist any more, else null. A 404 without a code came from
 * somebody in between, and with the credentials of another account there is nothing of this one.
 */
export const goneCode = (
  { accountSid }: Tools,
  execution: Execution,
  error: unknown
): number | null =>
  error instanceof CallFailed && error.failure.status === 404 && execution.accountSid === accountSid
    ? error.failure.code
    : null

/** Why replies cannot be read, and what to do about it, for the execution's problems. */
export function troubleOf(
  { context, frames }: Execution,
  { code, status, message }: Failure
): Omit<Problem, 'at'> {
  const where = channelOf(context)?.conversationSid
  const hint =
    status === 401 || status === 403 ? '; check the credentials of this service at Twilio' : ''
  const widget = frames.at(-1)?.widget
  return {
    code,
    message: `Replies in ${where} could not be read back: ${message}${hint}`,
    ...(widget && { widget })
  }
}
