import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { CallEntry, Log } from '../log.ts'

/** Writes every call of a scope to the log, with the answer it gets. */
export function keepLog(app: FastifyInstance, log: Log) {
  app.addHook('onSend', async (request, reply, payload) => {
    const { statusCode } = reply
    if (request.raw.socket.destroyed) log.write(callEntry(request, null, null))
    else log.write(callEntry(request, statusCode, statusCode < 400 ? null : codeIn(payload)))
    return payload
  })
}

export const callEntry = (
  request: FastifyRequest,
  status: number | null,
  code: number | null
): CallEntry => ({
  type: 'call',
  method: request.method,
  path: request.url,
  form: (request.body ?? {}) as CallEntry['form'],
  status,
  code
})

const codeIn = (payload: unknown): number | null =>
  typeof payload === 'string' ? (JSON.parse(payload).code ?? null) : null
