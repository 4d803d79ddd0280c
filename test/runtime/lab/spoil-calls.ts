// What goes wrong between the SDK and Twilio: the connection is cut, or the process that called is gone.

import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { World } from '../../../src/simulator/world.ts'
import type { Fate, Manner, Passing } from './fate.ts'
import type { Power } from './power.ts'

interface Process extends Pick<Power, 'cut'> {
  /** It closes a Conversation in which a webhook of ours is still there. */
  closesTooEarly(conversationSid: string): void
}

/** Every call of the API passes fate, on its way in and on its way out. */
export function spoilCalls(app: FastifyInstance, world: World, fate: Fate, process: Process): void {
  const passing = new WeakMap<FastifyRequest, Passing>()
  const strike = (request: FastifyRequest, when: 'before' | 'after'): boolean => {
    const is = (what: string) => passing.get(request)?.is(`${what} ${when}` as Manner) ?? false
    const fails = is('fails')
    const dies = is('dies')
    if (dies) process.cut()
    return fails || dies
  }

  app.addHook('onRequest', async (request, reply) => {
    // Who only looks on is nobody's misfortune.
    if (!request.headers['user-agent']?.startsWith('twilio-node')) return
    passing.set(request, fate.pass(`${request.method} ${resourceOf(request.url)}`))
    if (!strike(request, 'before')) return
    reply.hijack()
    request.raw.socket.destroy()
  })

  app.addHook('preHandler', async request => {
    const closing = (request.body as { State?: string } | undefined)?.State === 'closed'
    const sid = /CH[0-9a-f]{32}/.exec(request.url)?.[0]
    if (request.method !== 'POST' || !closing || !sid) return
    // Webhook first, close second: whoever closes must have taken its webhook away.
    const left = world.conversation(sid).webhooks.filter(({ url }) => url?.includes('/executions/'))
    if (left.length > 0) process.closesTooEarly(sid)
  })

  app.addHook('onSend', async (request, _, payload) => {
    if (strike(request, 'after')) request.raw.socket.destroy()
    return payload
  })
}

const resourceOf = (url: string): string => {
  const [path = ''] = url.split('?', 1)
  return path.split('/').findLast(word => /^[A-Z][a-z]/.test(word)) ?? path
}
