import type { FastifyInstance } from 'fastify'
import { refuse } from '../refusal.ts'

/**
 * Basic credentials: user name to password. https://www.twilio.com/docs/usage/requests-to-twilio
 */
export function authenticate(app: FastifyInstance, users: Readonly<Record<string, string>>) {
  const welcome = new Set(
    Object.entries(users).map(
      ([name, secret]) => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
    )
  )
  app.addHook('onRequest', async (request, reply) => {
    if (welcome.has(request.headers.authorization ?? '')) return
    reply.header('WWW-Authenticate', 'Basic realm="Twilio API"')
    throw refuse(20003, 'Authenticate')
  })
}
