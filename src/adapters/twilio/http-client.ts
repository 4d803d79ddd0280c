import { errors, Pool } from 'undici'
import { CallFailed } from '../../runtime/errors.ts'
import { type Answer, exchange } from './exchange.ts'
import { type Attempt, isAccountWide, isTooManyWrites, pauseBeforeRetry } from './retry.ts'
import { type Call, makeCalls, originOf, pathname, type SdkRequest } from './sdk-request.ts'
import { makeThrottle, type Throttle } from './throttle.ts'

// The SDK's own HTTP client (axios) costs several times the CPU of undici, and repeats nothing but 429s.

export interface HttpClientOptions {
  /** Takes the place of every Twilio host; the path stays. */
  readonly baseUrl?: string
  readonly connections?: number
  readonly timeoutMs?: number
  readonly sleep: (ms: number) => Promise<void>
  /** How often this process has stood still long enough for another one to take over its work. */
  readonly standstills?: () => number
  /** Twilio has refused a write to what this path names, as there were too many. */
  readonly tooManyWrites?: (path: string) => void
  readonly random?: () => number
}

export interface HttpClient {
  request(request: SdkRequest): Promise<Answer>
  close(): Promise<void>
}

/** A page of a hundred messages has less than 2 MB. */
const maxResponseSize = 16 * 1024 * 1024

interface Host {
  readonly origin: string
  /** Comes before each path. */
  readonly prefix: string
  readonly pool: Pool
  readonly throttle: Throttle
}

/**
 * An HTTP client for the Twilio SDK that repeats what is safe to repeat, and what Twilio had no time for as
 * often as it takes. Throws `CallFailed` where no answer came, and what `sleep` throws.
 */
export function makeHttpClient(options: HttpClientOptions): HttpClient {
  const { baseUrl, connections = 64, timeoutMs = 15_000, sleep, random = Math.random } = options
  const { standstills = () => 0, tooManyWrites = () => {} } = options
  const hosts = new Map<string, Host>()
  const callOf = makeCalls()

  return {
    async request(request) {
      const { origin, prefix, pool, throttle } = hostOf(request.uri)
      const call = callOf(request, prefix)
      const known = standstills()
      for (let attempts = 1; ; attempts++) {
        const turn = throttle.enter()
        if (turn) await turn
        // Somebody else may have done it by now, so the caller looks before it is done again.
        if (call.method === 'POST' && standstills() > known) {
          throttle.done()
          throw noAnswer(call, origin, new Error('this process stood still'))
        }
        const { round } = throttle
        const answer = await exchange(pool, call)
        if (isSuccess(answer)) {
          throttle.done()
          return answer
        }
        const attempt = attemptOf(call, answer)
        if (isTooManyWrites(attempt)) tooManyWrites(pathname(call))
        const pause = pauseBeforeRetry(attempt, attempts, random)
        const rest = pause === null ? null : sleep(pause)
        if (isAccountWide(attempt)) throttle.refused(round, attempt.retryAfterSeconds ? rest : null)
        else throttle.done()
        if (rest) await rest
        else if (answer instanceof Error) throw noAnswer(call, origin, answer)
        else if (isRedirect(answer)) throw redirected(call, origin, answer)
        else return answer
      }
    },

    async close() {
      await Promise.all([...hosts.values()].map(({ pool }) => pool.destroy()))
    }
  }

  function hostOf(uri: string): Host {
    const address = baseUrl ?? originOf(uri)
    const known = hosts.get(address)
    if (known) return known
    const { origin, pathname } = new URL(address)
    const timeouts = {
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: 5000 }
    }
    const host = {
      origin,
      prefix: pathname.replace(/\/$/, ''),
      pool: new Pool(origin, { connections, maxResponseSize, ...timeouts }),
      throttle: makeThrottle(connections)
    }
    hosts.set(address, host)
    return host
  }
}

const connectionErrors = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH'
])

const notConnected = (error: Error): boolean =>
  error instanceof errors.ConnectTimeoutError ||
  connectionErrors.has((error as NodeJS.ErrnoException).code ?? '')

function attemptOf({ method }: Call, answer: Answer | Error): Attempt {
  if (answer instanceof Error) {
    return {
      method,
      status: null,
      code: null,
      retryAfterSeconds: null,
      notConnected: notConnected(answer)
    }
  }
  const retryAfter = Number(answer.headers['retry-after'])
  return {
    method,
    status: answer.statusCode,
    code: answer.statusCode >= 400 ? codeOf(answer.body) : null,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : null,
    notConnected: false
  }
}

function codeOf(body: string): number | null {
  try {
    const { code } = JSON.parse(body)
    return typeof code === 'number' ? code : null
  } catch {
    return null
  }
}

const isSuccess = (answer: Answer | Error): answer is Answer =>
  !(answer instanceof Error) && answer.statusCode < 300

const isRedirect = ({ statusCode }: Answer): boolean => statusCode >= 300 && statusCode < 400

/** Twilio never does; somebody else stands at that address, and following would show our credentials around. */
const redirected = (call: Call, origin: string, { statusCode, headers }: Answer): CallFailed =>
  new CallFailed({
    code: null,
    status: statusCode,
    message: `${named(call, origin)} was redirected (${statusCode}) to ${headers.location}; check TWILIO_API_BASE_URL`,
    outcome: 'refused'
  })

const noAnswer = (call: Call, origin: string, error: Error): CallFailed =>
  new CallFailed({
    code: null,
    status: null,
    message: `No answer from Twilio (${named(call, origin)}): ${error.message}`,
    outcome: notConnected(error) ? 'refused' : 'unknown'
  })

const named = (call: Call, origin: string): string => `${call.method} ${origin}${pathname(call)}`
