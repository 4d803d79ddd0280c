import type { MessageReceived } from '../engine/event.ts'
import { startExecution } from './executions.ts'
import type { Runtime } from './runtime.ts'

export type InboundOutcome = 'started' | 'delivered' | 'repeated' | 'ignored'

/**
 * A message in a Conversation whose webhook names a flow: starts an execution, or goes on with the one that
 * is active for this Conversation, whoever of its participants wrote. Durable when this resolves.
 * https://www.twilio.com/docs/studio/tutorials/using-conversations-with-studio
 */
export async function receiveConversationMessage(
  runtime: Runtime,
  flowSid: string,
  message: MessageReceived
): Promise<InboundOutcome> {
  // What a flow of ours said starts nothing.
  if (message.sentBy !== null) return 'ignored'
  const { Author = '' } = message.payload
  const { outcome } = await startExecution(runtime, {
    flowSid,
    triggeredBy: 'incomingConversationMessage',
    to: Author,
    from: '',
    contact: message.conversationSid,
    initiatedBy: message.id,
    parameters: message.payload,
    mode: 'flow',
    exclusive: true,
    // The webhook again is the same execution again, started or gone on with, even after that has ended.
    idempotencyKey: message.id,
    instead: message
  })
  return outcome === 'conflict' ? 'ignored' : outcome
}

/**
 * A message of Programmable Messaging. It starts an execution, which then has no Conversation to answer in; one
 * that is active for this pair of addresses cannot use it.
 * https://www.twilio.com/docs/studio/widget-library/trigger-start
 */
export async function receiveMessage(
  runtime: Runtime,
  flowSid: string,
  payload: Readonly<Record<string, string>>
): Promise<InboundOutcome> {
  const { From = '', To = '', MessageSid = '' } = payload
  const { outcome } = await startExecution(runtime, {
    flowSid,
    triggeredBy: 'incomingMessage',
    to: From,
    from: To,
    contact: `${From} ${To}`,
    initiatedBy: MessageSid,
    parameters: payload,
    mode: 'flow',
    exclusive: true,
    idempotencyKey: MessageSid
  })
  return outcome === 'conflict' ? 'ignored' : outcome
}
