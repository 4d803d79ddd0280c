import type { MessageReceived } from '../engine/event.ts'
import { deliverMessage } from './deliver.ts'
import { startExecution } from './executions.ts'
import type { Runtime } from './runtime.ts'

export type InboundOutcome = 'started' | 'queued' | 'claimed' | 'duplicate' | 'ignored'

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
  for (;;) {
    const started = await startExecution(runtime, {
      flowSid,
      triggeredBy: 'incomingConversationMessage',
      to: Author,
      from: '',
      contact: message.conversationSid,
      initiatedBy: message.id,
      parameters: message.payload,
      mode: 'flow',
      exclusive: true,
      // The webhook again is the same execution again, even after that has ended.
      idempotencyKey: message.id
    })
    if (started.outcome === 'started') return 'started'
    if (started.outcome === 'repeated') return 'duplicate'
    const delivered = await deliverMessage(runtime, started.sid, message)
    // It ended between the two: then the message starts another one.
    if (delivered !== 'ended' && delivered !== 'unknown') return delivered
  }
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
  const started = await startExecution(runtime, {
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
  if (started.outcome === 'started') return 'started'
  return started.outcome === 'repeated' ? 'duplicate' : 'ignored'
}
