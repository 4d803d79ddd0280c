import { StoreUnavailable } from '../../runtime/errors.ts'

/** Answers of a Redis that is starting, failing over, full, or not allowed to write; they pass. */
const passing =
  /\b(READONLY|LOADING|CLUSTERDOWN|MASTERDOWN|TRYAGAIN|MOVED|ASK|OOM|MISCONF|NOREPLICAS|BUSY|NOAUTH|WRONGPASS|NOPERM)\b/

/** Whoever asked learns that Redis cannot be reached; what is a mistake of ours stays as it is. */
export function faultOf(error: unknown, address: string): unknown {
  if (!(error instanceof Error) || error instanceof StoreUnavailable) return error
  if (error instanceof TypeError || error instanceof RangeError) return error
  if (error.name === 'ReplyError' && !passing.test(error.message)) return error
  const message = `Redis at ${address} is not available: ${reasonOf(error)}`
  return new StoreUnavailable(message, { cause: error })
}

/** Waiting does not help against these. */
export const isLasting = (error: Error): boolean =>
  /\b(WRONGPASS|NOAUTH|NOPERM)\b/.test(reasonOf(error))

/** What ioredis means, where its own words do not say it. */
export function reasonOf(error: Error): string {
  if (error.name === 'MaxRetriesPerRequestError')
    return 'The connection broke before the answer came'
  const inner = 'lastNodeError' in error ? error.lastNodeError : null
  return inner instanceof Error ? reasonOf(inner) : error.message
}
