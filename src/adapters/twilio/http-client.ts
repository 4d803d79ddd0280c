import { type Dispatcher, errors, Pool } from 'undici'
import { CallFailed } from '../../runtime/errors.ts'
import { type Attempt, isAccountWide, isTooManyWrites, pauseBeforeRetry } from './retry.ts'
import { makeThrottle, type Throttle } from './throttle.ts'

// The SDK's own HTTP client (axios) costs several times the CPU of undici, and repeats nothing but 429s.

/** What the SDK asks of an HTTP client, as far as we use it. */
export interface SdkRequest {
  readonly method: string
  readonly uri: string
  readonly username?: string
  readonly password?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly params?: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, unknown>>
}

export interface SdkResponse {
  readonly statusCode: number
  readonly body: string
  readonly headers: Dispatcher.ResponseData['headers']
}

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
  request(request: SdkRequest): Promise<SdkResponse>
  close(): Promise<void>
}

interface Host {
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

  return {
    async request(request) {
      const url = target(request, baseUrl)
      const { pool, throttle } = hostOf(url.origin)
      const known = standstills()
      for (let attempts = 1; ; attempts++) {
        const turn = throttle.enter()
        if (turn) await turn
        // Somebody else may have done it by now, so the caller looks before it is done again.
        if (request.method.toUpperCase() === 'POST' && standstills() > known) {
          throttle.done()
          throw noAnswer(request, url, new Error('this process stood still'))
        }
        const { round } = throttle
        const answer = await send(pool, request, url).catch(asError)
        const attempt = attemptOf(request, answer)
        if (isTooManyWrites(attempt)) tooManyWrites(url.pathname)
        const pause = pauseBeforeRetry(attempt, attempts, random)
        const rest = pause === null ? null : sleep(pause)
        if (isAccountWide(attempt)) throttle.refused(round, attempt.retryAfterSeconds ? rest : null)
        else throttle.done()
        if (rest) await rest
        else if (answer instanceof Error) throw noAnswer(request, url, answer)
        else if (isRedirect(answer)) throw redirected(request, url, answer)
        else return answer
      }
    },

    async close() {
      await Promise.all([...hosts.values()].map(({ pool }) => pool.destroy()))
    }
  }

  function hostOf(origin: string): Host {
    const known = hosts.get(origin)
    if (known) return known
    const timeouts = {
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: { timeout: 5000 }
    }
    const host = {
      pool: new Pool(origin, { connections, ...timeouts }),
      throttle: makeThrottle(connections)
    }
    hosts.set(origin, host)
    return host
  }
}

async function send(
  pool: Pool,
  { method, headers, username, password, data }: SdkRequest,
  url: URL
): Promise<SdkResponse> {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
  const response = await pool.request({
    method: method.toUpperCase() as Dispatcher.HttpMethod,
    path: url.pathname + url.search,
    headers: { ...headers, authorization },
    body: data ? form(data).toString() : null
  })
  return {
    statusCode: response.statusCode,
    headers: response.headers,
    body: await response.body.text()
  }
}

function target({ uri, params }: SdkRequest, baseUrl: string | undefined): URL {
  const url = new URL(uri)
  for (const [name, value] of form(params ?? {})) url.searchParams.append(name, value)
  if (baseUrl === undefined) return url
  const base = new URL(baseUrl)
  return new URL(base.pathname.replace(/\/$/, '') + url.pathname + url.search, base)
}

/** Form bodies repeat the name for each item of a list. */
function form(data: Readonly<Record<string, unknown>>): URLSearchParams {
  const fields = new URLSearchParams()
  for (const [name, value] of Object.entries(data)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== undefined) fields.append(name, String(item))
    }
  }
  return fields
}

const asError = (error: unknown): Error =>
  error instanceof Error ? error : new Error(String(error))

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

function attemptOf({ method }: SdkRequest, answer: SdkResponse | Error): Attempt {
  if (answer instanceof Error) {
    return {
      method: method.toUpperCase(),
      status: null,
      code: null,
      retryAfterSeconds: null,
      notConnected: notConnected(answer)
    }
  }
  const retryAfter = Number(answer.headers['retry-after'])
  return {
    method: method.toUpperCase(),
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

const isRedirect = ({ statusCode }: SdkResponse): boolean => statusCode >= 300 && statusCode < 400

/** Twilio never does; somebody else stands at that address, and following would show our credentials around. */
const redirected = (
  { method }: SdkRequest,
  url: URL,
  { statusCode, headers }: SdkResponse
): CallFailed =>
  new CallFailed({
    code: null,
    status: statusCode,
    message: `${method.toUpperCase()} ${url.origin}${url.pathname} was redirected (${statusCode}) to ${headers.location}; check TWILIO_API_BASE_URL`,
    outcome: 'refused'
  })

const noAnswer = ({ method }: SdkRequest, url: URL, error: Error): CallFailed =>
  new CallFailed({
    code: null,
    status: null,
    message: `No answer from Twilio (${method.toUpperCase()} ${url.origin}${url.pathname}): ${error.message}`,
    outcome: notConnected(error) ? 'refused' : 'unknown'
  })
