import type {
  FastifyError,
  FastifyReply,
  FastifyRequest,
  FastifySchemaValidationError
} from 'fastify'
import {
  BadRequest,
  ContactBusy,
  InvalidFlow,
  NotFound,
  NotNow,
  Stopping,
  StoreUnavailable
} from '../runtime/errors.ts'

/** Studio's error body: https://www.twilio.com/docs/studio/rest-api/v2/execution */
export interface ErrorBody {
  readonly code: number
  readonly message: string
  readonly more_info: string
  readonly status: number
  readonly details?: unknown
}

/** The caller is not who it has to be. */
export class Unauthorized extends Error {
  override readonly name = 'Unauthorized'
}

/** More calls than the operator allows; nothing was done, so the same call may be made again. */
export class TooManyRequests extends Error {
  override readonly name = 'TooManyRequests'
}

/** A webhook that Twilio did not sign, or not for this URL. */
export class BadSignature extends Error {
  override readonly name = 'BadSignature'
}

interface Answer {
  readonly status: number
  readonly code: number
  readonly details?: unknown
}

/** One handler for all routes: what is known is told, all else is a 500 without detail, logged once. */
export function answerError(
  error: FastifyError,
  request: FastifyRequest,
  reply: FastifyReply
): FastifyReply {
  // What cannot be a SID is the SID of nothing.
  if (error.validationContext === 'params') return answerNothing(request, reply)
  const answer = answerTo(error)
  if (answer.status >= 500) request.log.error({ error }, 'A request failed')
  const message =
    answer.status === 500 ? 'Something went wrong here; the log knows more' : error.message
  return send(reply, answer, message)
}

export const answerNothing = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
  send(
    reply,
    { status: 404, code: 20404 },
    `The requested resource ${request.method} ${request.url.split('?')[0]} was not found`
  )

function send(
  reply: FastifyReply,
  { status, code, details }: Answer,
  message: string
): FastifyReply {
  if (status === 401) reply.header('www-authenticate', 'Basic realm="Reprise"')
  if (status === 503) reply.header('retry-after', '5')
  const body: ErrorBody = {
    code,
    message,
    more_info: `https://www.twilio.com/docs/errors/${code}`,
    status,
    ...(details !== undefined && { details })
  }
  return reply.code(status).send(body)
}

/** The HTTP status that this error is answered with. */
export const statusOf = (error: FastifyError): number => answerTo(error).status

function answerTo(error: FastifyError): Answer {
  if (error instanceof NotFound) return { status: 404, code: 20404 }
  if (error instanceof ContactBusy) {
    return { status: 409, code: 20409, details: { conflicting_execution_sid: error.executionSid } }
  }
  if (error instanceof NotNow) return { status: 409, code: 20409 }
  if (error instanceof InvalidFlow)
    return { status: 400, code: 81022, details: { errors: faultsOf(error) } }
  if (error instanceof BadRequest) return { status: 400, code: error.code }
  if (error instanceof Unauthorized) return { status: 401, code: 20003 }
  if (error instanceof TooManyRequests) return { status: 429, code: 20429 }
  if (error instanceof BadSignature) return { status: 403, code: 20403 }
  if (error instanceof StoreUnavailable || error instanceof Stopping)
    return { status: 503, code: 20503 }
  if (error.validation) return { status: 400, code: 20001 }
  const status = error.statusCode ?? 500
  // Where Twilio has a code for an HTTP status, it is 20000 more.
  return status >= 400 && status < 600
    ? { status, code: 20000 + status }
    : { status: 500, code: 20500 }
}

/** What validation found, with the values that would do where there are only a few. */
export function describeFaults(faults: readonly FastifySchemaValidationError[], where: string) {
  const sentences = faults.map(({ instancePath, message, params }) => {
    const { allowedValues } = params as { allowedValues?: readonly string[] }
    return `${where}${instancePath} ${allowedValues ? `must be one of ${allowedValues.join(', ')}` : message}`
  })
  return new Error(sentences.join(', '))
}

const faultsOf = ({ faults }: InvalidFlow) =>
  faults.map(({ propertyPath, message }) => ({ property_path: propertyPath, message }))
