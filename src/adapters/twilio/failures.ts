import { CallFailed, Stopping } from '../../runtime/errors.ts'
import type { Answer } from './exchange.ts'

interface RestError {
  readonly status?: number
  readonly code?: number
  readonly message?: string
}

/** An error of the SDK, told by class: below 500 it was refused, otherwise nobody knows. */
function asCallFailed(error: unknown): CallFailed {
  const { status = null, code = null, message = String(error) } = error as RestError
  const numeric = typeof code === 'number' ? code : null
  return new CallFailed({
    code: numeric,
    status,
    message:
      status === null
        ? message
        : `Twilio answered ${status}${numeric ? ` (${numeric})` : ''}: ${message}${hint(status, numeric)}`,
    outcome: status !== null && status < 500 ? 'refused' : 'unknown'
  })
}

/** Told as the SDK tells it, in whichever shape Twilio refused: its own one, or that of RFC 9457. */
export function refusal({ statusCode, body }: Answer): CallFailed {
  const { code, message, title } = refusalIn(body)
  return asCallFailed({
    status: statusCode,
    code,
    message: message ?? `[HTTP ${statusCode}] ${title ?? 'Failed to execute request'}`
  })
}

/** Proxies refuse in HTML. */
function refusalIn(body: string): RestError & { readonly title?: string } {
  try {
    return JSON.parse(body) ?? {}
  } catch {
    return {}
  }
}

/** What only the operator can put right; a code of Conversations' own (50107, say) is about something else. */
const hint = (status: number, code: number | null): string =>
  status === 401 || (status === 403 && (code === null || code < 50_000))
    ? '; check the credentials of this service (TWILIO_AUTH_TOKEN, or TWILIO_API_KEY and TWILIO_API_SECRET)'
    : ''

/** What was to be undone is not there any more: https://www.twilio.com/docs/api/errors/20404 and 50377 (closed). */
export const isGone = (error: unknown): boolean => {
  const { status, code } = error as RestError
  return status === 404 || code === 50377
}

/** Runs a call of the SDK; every error that comes of it is a `CallFailed`, or `Stopping`. */
export async function call<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw toldApart(error)
  }
}

export const toldApart = (error: unknown): CallFailed | Stopping =>
  error instanceof CallFailed || error instanceof Stopping ? error : asCallFailed(error)
