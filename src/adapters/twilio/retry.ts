/** One try of one call, as far as repeating it is concerned. */
export interface Attempt {
  readonly method: string
  /** Null where no answer came. */
  readonly status: number | null
  readonly code: number | null
  readonly retryAfterSeconds: number | null
  /** The connection was never made, so nothing can have been done. */
  readonly notConnected: boolean
}

const firstPauseMs = 250
const longestPauseMs = 15_000
/** A Retry-After beyond this is a mistake of somebody's, and would keep a turn for hours. */
const longestRetryAfterMs = 5 * 60_000
const attemptsWithoutConnection = 10
const attemptsOtherwise = 5

/** Two writers met; Twilio asks for another try. https://www.twilio.com/docs/api/errors/50391 */
const conflictCodes = new Set([50391, 50419, 50449])
/** Too many writes per second, to one Conversation or service: https://www.twilio.com/docs/api/errors/50063 */
const serviceRate = 50063
const rateCodes = new Set([20429, serviceRate, 50074])

/** One Conversation, or its service, is written to too fast. */
export const isTooManyWrites = ({ code }: Attempt): boolean => code === serviceRate

/** Not what one Conversation or service gets, but what the account as a whole makes of calls. */
export const isAccountWide = (attempt: Attempt): boolean =>
  !isTooManyWrites(attempt) && (attempt.status === 429 || rateCodes.has(attempt.code ?? 0))

/**
 * How long to wait before the same call is made again, or null where it must not be.
 * - Too many requests: a refused request was never processed (https://www.twilio.com/docs/api/errors/20429),
 *   so it is always repeated; being slowed down is no failure.
 * - No connection: repeated, for about a minute.
 * - GET and DELETE: repeated also after a server error or no answer.
 * - POST after a server error or no answer: it may have been done, so never; the caller looks first.
 * - Everything else was refused for a reason that will not change.
 */
export function pauseBeforeRetry(
  attempt: Attempt,
  attempts: number,
  random: () => number
): number | null {
  if (attempt.status === 429 || rateCodes.has(attempt.code ?? 0)) {
    const asked = Math.min((attempt.retryAfterSeconds ?? 0) * 1000, longestRetryAfterMs)
    return Math.max(asked, backoff(attempts, random))
  }
  if (attempt.notConnected)
    return attempts < attemptsWithoutConnection ? backoff(attempts, random) : null
  if (attempts >= attemptsOtherwise) return null
  if (conflictCodes.has(attempt.code ?? 0)) return backoff(attempts, random)
  const noAnswer = attempt.status === null || attempt.status >= 500
  return noAnswer && attempt.method !== 'POST' ? backoff(attempts, random) : null
}

/** Doubles from try to try; the jitter keeps many callers from coming back at the same moment. */
const backoff = (attempts: number, random: () => number): number =>
  Math.min(firstPauseMs * 2 ** (attempts - 1), longestPauseMs) * (0.5 + random() / 2)
