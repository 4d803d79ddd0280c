import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyError } from 'fastify'
import type { MessageReceived } from '../../engine/event.ts'
import { deliverMessage } from '../../runtime/deliver.ts'
import { BadRequest, NotFound } from '../../runtime/errors.ts'
import {
  type InboundOutcome,
  receiveConversationMessage,
  receiveMessage
} from '../../runtime/inbound.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { statusOf } from '../errors.ts'
import { errorResponses } from '../schemas.ts'
import {
  acceptOnlySigned,
  ignoreOtherEvents,
  onePerName,
  type Parameters,
  type SignatureCheck
} from '../signed.ts'
import { InboundParams, MessageAdded, MessageIn, Taken, WebhookParams } from './webhooks.schema.ts'

export interface WebhookRoutesOptions {
  readonly runtime: Runtime
  readonly verifySignature: SignatureCheck
  /** The effect id in a message's attributes, where a flow of ours sent it. */
  readonly sentBy: (attributes: string | undefined) => string | null
}

const formBytes = 512 * 1024
const tags = ['Webhooks']
const security = [{ signature: [] }]

/** https://www.twilio.com/docs/conversations-classic/conversations-webhooks */
export const webhookRoutes: FastifyPluginAsyncTypebox<WebhookRoutesOptions> = async (
  app,
  { runtime, verifySignature, sentBy }
) => {
  acceptOnlySigned(app, verifySignature)
  app.setErrorHandler(error => {
    // Twilio calls only once, so what could not be taken in now has to be read back.
    if (statusOf(error as FastifyError) >= 500) runtime.worker.catchUp()
    throw error
  })

  app.post('/webhooks/executions/:Sid', {
    bodyLimit: formBytes,
    schema: {
      operationId: 'ReceiveMessageAdded',
      tags,
      summary: 'onMessageAdded of the Conversation that an execution talks in; signed by Twilio',
      security,
      params: WebhookParams,
      body: MessageAdded,
      response: { 200: Taken, ...errorResponses(400, 403, 404, 413, 415) }
    },
    preValidation: ignoreOtherEvents,
    async handler({ params, body, log }, reply) {
      const outcome = await deliverMessage(runtime, params.Sid, messageOf(body))
      // Twilio has done its part whatever became of the message: a 2xx, so that it never calls the hook broken.
      if (outcome !== 'claimed' && outcome !== 'queued') {
        log.info(
          { executionSid: params.Sid, messageSid: body.MessageSid, outcome },
          'Webhook ignored'
        )
      }
      return reply.send('')
    }
  })

  app.post('/v1/Accounts/:AccountSid/Flows/:FlowSid', {
    bodyLimit: formBytes,
    schema: {
      operationId: 'ReceiveInboundTrigger',
      tags,
      summary:
        'A message for a flow, from Conversations (onMessageAdded) or Messaging: starts an execution, or goes on with one; signed by Twilio',
      security,
      params: InboundParams,
      body: MessageIn,
      response: { 200: Taken, ...errorResponses(400, 403, 404, 409, 413, 415) }
    },
    preValidation: ignoreOtherEvents,
    async handler({ params, body, log }, reply) {
      const { AccountSid, FlowSid } = params
      if (AccountSid !== runtime.accountSid)
        throw new NotFound(`This service serves another account than ${AccountSid}`)
      const outcome = await receive(FlowSid, body)
      log.debug({ flowSid: FlowSid, messageSid: body.MessageSid, outcome }, 'Inbound trigger taken')
      // Messaging wants to hear what to answer: nothing. https://www.twilio.com/docs/messaging/twiml
      return body.EventType ? reply.send('') : reply.type('text/xml').send('<Response/>')
    }
  })

  function receive(flowSid: string, body: MessageIn): Promise<InboundOutcome> {
    const { EventType, MessageSid, ConversationSid, Index, From, To } = body
    if (EventType && ConversationSid !== undefined && Index !== undefined) {
      const message = messageOf({ ...body, EventType, MessageSid, ConversationSid, Index })
      return receiveConversationMessage(runtime, flowSid, message)
    }
    if (!EventType && From !== undefined && To !== undefined) {
      return receiveMessage(runtime, flowSid, onePerName(body as Parameters))
    }
    throw new BadRequest(
      EventType ? 'onMessageAdded has ConversationSid and Index' : 'A message has From and To'
    )
  }

  function messageOf(body: MessageAdded): MessageReceived {
    return {
      type: 'message-received',
      id: body.MessageSid,
      at: runtime.clock.now(),
      conversationSid: body.ConversationSid,
      index: Number(body.Index),
      sentBy: sentBy(body.Attributes),
      payload: onePerName(body as Parameters)
    }
  }
}
