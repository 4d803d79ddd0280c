// The HTTP side of the systems without an engine: signed webhooks in, and an answer when `take` is done.
import formbody from '@fastify/formbody'
import Fastify from 'fastify'
import twilio from 'twilio'

export async function serveWebhooks(take) {
  const { PORT, PUBLIC_URL, TWILIO_AUTH_TOKEN } = process.env
  const app = Fastify()
  await app.register(formbody)
  app.post('/webhooks/:conversationSid', async ({ headers, url, body }, reply) => {
    const signature = headers['x-twilio-signature']
    if (!twilio.validateRequest(TWILIO_AUTH_TOKEN, signature, PUBLIC_URL + url, body))
      return reply.code(403).send()
    await take(body)
    return ''
  })
  app.get('/readyz', async () => '')
  await app.listen({ port: Number(PORT), host: '127.0.0.1' })
}
