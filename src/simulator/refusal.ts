/** An answer other than success, with one of Twilio's codes. */
export type Refusal = Error & {
  readonly name: 'Refusal'
  readonly code: number
  readonly status: number
  readonly details: unknown
}

/**
 * Twilio documents the HTTP status of 20404 and 20429 only. The rest is our choice, and it is made
 * here: what is missing answers 404, what would work at another moment or under another name
 * answers 409, what came too fast 429, and everything else 400.
 */
const statuses: Readonly<Record<number, number>> = {
  20003: 401,
  20404: 404, // nothing at this path
  50050: 404, // service
  50350: 404, // conversation
  50360: 404, // webhook
  50430: 404, // participant, by name
  50432: 404, // participant, by SID
  50500: 404, // message
  50353: 409, // unique name taken
  50391: 409, // conversation changed meanwhile
  50416: 409, // number pair taken
  50419: 409, // participant changed meanwhile
  50433: 409, // participant already there
  50449: 409, // conversation changed meanwhile
  20429: 429, // too many at once
  50063: 429, // too many per second, service
  50074: 429, // too many per second, account
  20500: 500
}

export function refuse(
  code: number,
  message: string,
  { status = statuses[code] ?? 400, details }: { status?: number; details?: unknown } = {}
): Refusal {
  return Object.assign(new Error(message), { name: 'Refusal' as const, code, status, details })
}

export const badParameter = (message: string) => refuse(20001, message)

const isRefusal = (error: unknown): error is Refusal =>
  error instanceof Error && error.name === 'Refusal'

/** Twilio's error body: https://www.twilio.com/docs/usage/twilios-response */
export const refusalBody = ({ code, message, status }: Refusal) => ({
  code,
  message,
  more_info: `https://www.twilio.com/docs/errors/${code}`,
  status
})

/** Whatever was thrown, as an answer. What is not a caller's mistake shows no detail. */
export function toRefusal(error: unknown): Refusal {
  if (isRefusal(error)) return error
  const { statusCode: status = 500, message } = error as { statusCode?: number; message?: string }
  if (status < 500) return refuse(20001, message ?? 'Bad request', { status })
  return refuse(20500, 'The simulator failed, see its log')
}
