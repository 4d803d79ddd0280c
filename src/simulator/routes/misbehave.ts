import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Fault, Faults } from '../faults.ts'
import type { Log } from '../log.ts'
import { refusalBody, refuse } from '../refusal.ts'
import { callEntry } from './keep-log.ts'

/**
 * Makes the calls of a scope fail as asked, before or after they have done their work. Answers a way to look
 * up which fault struck a call.
 */
export function misbehave(app: FastifyInstance, faults: Faults, log: Log) {
  const struck = new WeakMap<FastifyRequest, Fault>()

  app.addHook('preHandler', async (request, reply) => {
    if (!faults.any) return
    const fault = faults.take(`${request.method} ${resourceOf(request)}`)
    if (!fault) return
    struck.set(request, fault)
    if (fault.after) return
    await pause(fault)
    if (fault.drop) {
      log.write(callEntry(request, null, null, fault))
      reply.hijack()
      request.raw.socket.destroy()
    } else if (fault.status !== undefined) {
      setRetryAfter(reply, fault)
      throw failureOf(fault, fault.status)
    }
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const fault = struck.get(request)
    if (!fault?.after) return payload
    await pause(fault)
    if (fault.drop) request.raw.socket.destroy()
    if (fault.drop || fault.status === undefined) return payload
    const failure = failureOf(fault, fault.status)
    setRetryAfter(reply, fault)
    reply
      .code(failure.status)
      .type('application/json; charset=utf-8')
      .removeHeader('content-length')
    return JSON.stringify(refusalBody(failure))
  })

  return (request: FastifyRequest) => struck.get(request)
}

/**
 * The last word of the route that is a name: `messages` for
 * `/v1/Conversations/:conversation/Messages/:sid`.
 */
function resourceOf(request: FastifyRequest) {
  const words = request.routeOptions.url?.split('/') ?? []
  return words.findLast(word => !word.startsWith(':')) ?? ''
}

// A client may give up long before; the wait must not keep a closing process alive.
const pause = ({ delay }: Fault) => (delay ? wait(delay, undefined, { ref: false }) : undefined)

function setRetryAfter(reply: FastifyReply, { retryAfter }: Fault) {
  if (retryAfter !== undefined) reply.header('Retry-After', retryAfter)
}

function failureOf({ code, message }: Fault, status: number) {
  const usual = status === 429 ? 20429 : status === 404 ? 20404 : status < 500 ? 20001 : 20500
  return refuse(code ?? usual, message ?? 'Failing on request', { status })
}
