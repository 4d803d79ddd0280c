// Sees what the service does to the Conversations at the moment it does it.
import type { FastifyRequest } from 'fastify'
import type { Simulator } from '../../src/simulator/app.ts'

interface Observer {
  /** The service has written into this Conversation, or closed it. */
  readonly changed: (conversationSid: string) => void
  /** The service does what it must never do. */
  readonly misdeed: (conversationSid: string, what: string) => void
}

export function observe({ app, world }: Simulator, { changed, misdeed }: Observer): void {
  app.addHook('preHandler', async request => {
    const sid = conversationIn(request)
    if (!sid) return
    const { state, webhooks } = world.conversation(sid)
    if (isClosing(request)) {
      if (state !== 'closed' && webhooks.length > 0)
        misdeed(sid, 'closed before its webhook was removed')
    } else if (request.method === 'POST' && state === 'closed') {
      misdeed(sid, `${request.method} ${request.url} after it was closed`)
    }
  })

  // Also where the answer will be lost on its way: the customer sees the message all the same.
  app.addHook('onSend', async request => {
    const sid = conversationIn(request)
    if (sid && request.method === 'POST') changed(sid)
  })
}

const conversationIn = ({ url }: FastifyRequest): string | undefined =>
  /^\/v1\/.*\/?Conversations\/(CH[0-9a-f]{32})/.exec(url)?.[1]

const isClosing = ({ method, url, body }: FastifyRequest): boolean =>
  method === 'POST' &&
  /\/CH[0-9a-f]{32}$/.test(url) &&
  (body as { State?: string } | null)?.State === 'closed'
