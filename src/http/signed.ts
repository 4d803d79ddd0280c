import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { BadSignature } from './errors.ts'

/** The fields of a form; a name that came twice has a list. */
export type Parameters = Readonly<Record<string, string | readonly string[]>>

/** True where Twilio signed exactly these parameters for this path (with its query). */
export type SignatureCheck = (
  signature: string | undefined,
  path: string,
  parameters: Parameters
) => boolean

/** For the routes of this scope: forms with a valid `X-Twilio-Signature`, and nothing else. */
export function acceptOnlySigned(app: FastifyInstance, verifySignature: SignatureCheck): void {
  // Twilio sends forms, and signs their fields.
  app.removeContentTypeParser('application/json')

  // Before validation: who did not sign learns nothing of what is right or wrong with the rest.
  app.addHook('preValidation', ({ headers, url, body }, _reply, done) => {
    const signature = headers['x-twilio-signature']
    if (verifySignature(String(signature ?? ''), url, (body ?? {}) as Parameters)) return done()
    done(
      new BadSignature(
        'X-Twilio-Signature does not fit; it is checked with TWILIO_AUTH_TOKEN against PUBLIC_URL'
      )
    )
  })
}

/** Other events have other parameters, so they must not be held against the schema. */
export function ignoreOtherEvents(
  { url, body, log }: FastifyRequest,
  reply: FastifyReply,
  done: () => void
): void {
  const { EventType: eventType } = (body ?? {}) as { EventType?: string }
  if (eventType === undefined || eventType === 'onMessageAdded') {
    done()
    return
  }
  log.info({ url, eventType }, 'Webhook ignored: not an event that executions take')
  reply.send('')
}

/** Templates read one value per name, and mostly there is but one. */
export const onePerName = (parameters: Parameters): Readonly<Record<string, string>> =>
  hasOnePerName(parameters)
    ? parameters
    : Object.fromEntries(
        Object.entries(parameters).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : (value[0] ?? '')
        ])
      )

const hasOnePerName = (parameters: Parameters): parameters is Readonly<Record<string, string>> =>
  Object.values(parameters).every(value => typeof value === 'string')
