import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Fault, namesOf } from '../faults.ts'
import type { CallEntry, Log } from '../log.ts'

/** Writes every call of a scope to the log, with the answer it gets and the fault that struck it. */
export function keepLog(
  app: FastifyInstance,
  log: Log,
  faultOf: (request: FastifyRequest) => Fault | undefined
) {
  app.addHook('onSend', async (request, reply, payload) => {
    const { statusCode } = reply
    const fault = faultOf(request)
    if (request.raw.socket.destroyed) log.write(callEntry(request, null, null, fault))
    else {
      const code = statusCode < 400 ? null : codeIn(payload)
      log.write(callEntry(request, statusCode, code, fault))
    }
    return payload
  })
}

export const callEntry = (
  request: FastifyRequest,
  status: number | null,
  code: number | null,
  fault: Fault | undefined
): CallEntry => ({
  type: 'call',
  method: request.method,
  path: request.url,
  form: (request.body ?? {}) as CallEntry['form'],
  status,
  code,
  faults: namesOf(fault)
})

const codeIn = (payload: unknown): number | null =>
  typeof payload === 'string' ? (JSON.parse(payload).code ?? null) : null
