import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { deliverMessage } from '../../runtime/deliver.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { BadSignature } from '../errors.ts'
import { errorResponses } from '../schemas.ts'
import { MessageAdded, Taken, WebhookParams } from './webhooks.schema.ts'

type Parameters = Readonly<Record<string, string | readonly string[]>>

export interface WebhookRoutesOptions {
  readonly runtime: Runtime
  /** True where Twilio signed exactly these parameters for this path (with its query). */
  readonly verifySignature: (
    signature: string | undefined,
    path: string,
    parameters: Parameters
  ) => boolean
  /** The effect id in a message's attributes, where a flow of ours sent it. */
  readonly sentBy: (attributes: string | undefined) => string | null
}

const formBytes = 512 * 1024

/** https://www.twilio.com/docs/conversations-classic/conversations-webhooks */
export const webhookRoutes: FastifyPluginAsyncTypebox<WebhookRoutesOptions> = async (
  app,
  { runtime, verifySignature, sentBy }
) => {
  // Twilio sends forms, and signs their fields.
  app.removeContentTypeParser('application/json')

  // Before validation: who did not sign learns nothing of what is right or wrong with the rest.
  app.addHook('preValidation', async ({ headers, url, body }) => {
    const signature = headers['x-twilio-signature']
    if (verifySignature(String(signature ?? ''), url, (body ?? {}) as Parameters)) return
    throw new BadSignature(
      'X-Twilio-Signature does not fit; it is checked with TWILIO_AUTH_TOKEN against PUBLIC_URL'
    )
  })

  app.post('/webhooks/executions/:Sid', {
    bodyLimit: formBytes,
    schema: {
      operationId: 'ReceiveMessageAdded',
      tags: ['Webhooks'],
      summary: 'onMessageAdded of the Conversation that an execution talks in; signed by Twilio',
      security: [{ signature: [] }],
      params: WebhookParams,
      body: MessageAdded,
      response: { 200: Taken, ...errorResponses(400, 403, 404, 413, 415) }
    },
    preValidation: ignoreOtherEvents,
    async handler({ params, body, log }, reply) {
      const facts = { executionSid: params.Sid, messageSid: body.MessageSid }
      const outcome = await deliverMessage(runtime, params.Sid, {
        type: 'message-received',
        id: body.MessageSid,
        at: runtime.clock.now(),
        conversationSid: body.ConversationSid,
        index: Number(body.Index),
        sentBy: sentBy(body.Attributes),
        payload: onePerName(body as Parameters)
      })
      // Twilio has done its part whatever became of the message: a 2xx, so that it never calls the hook broken.
      if (outcome !== 'claimed' && outcome !== 'queued')
        log.info({ ...facts, outcome }, 'Webhook ignored')
      return reply.send('')
    }
  })
}

/** Other events have other parameters, so they must not be held against the schema. */
async function ignoreOtherEvents({ url, body, log }: FastifyRequest, reply: FastifyReply) {
  const { EventType: eventType } = (body ?? {}) as { EventType?: string }
  if (eventType === undefined || eventType === 'onMessageAdded') return
  log.info({ url, eventType }, 'Webhook ignored: not an event that executions take')
  return reply.send('')
}

/** Templates read one value per name. */
const onePerName = (parameters: Parameters): Record<string, string> =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : (value[0] ?? '')
    ])
  )
