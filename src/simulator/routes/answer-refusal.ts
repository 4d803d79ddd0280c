import type { FastifyReply, FastifyRequest } from 'fastify'
import { refusalBody, refuse, toRefusal } from '../refusal.ts'

/** Answers whatever went wrong in the words of Twilio. */
export function answerRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const refusal = toRefusal(error)
  if (refusal.status >= 500) request.log.error(error)
  return reply.code(refusal.status).send(refusalBody(refusal))
}

export function nothingHere(request: FastifyRequest) {
  throw refuse(20404, `The requested resource ${request.url} was not found`)
}
