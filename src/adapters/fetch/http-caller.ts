import { Agent, type Dispatcher, request as send } from 'undici'
import type { HttpAnswer, HttpRequest } from '../../engine/effect.ts'
import { CallFailed } from '../../runtime/errors.ts'
import type { HttpCaller } from '../../runtime/ports.ts'
import { readBody } from './body.ts'
import { type Lookup, makeGuard } from './guard.ts'

export interface HttpCallerOptions {
  /** Host names and addresses inside the network that flows may reach all the same. */
  readonly allowedInternalHosts: ReadonlySet<string>
  readonly timeoutMs: number
  readonly maxBytes: number
  /** Twilio's credentials, for requests that ask for them. */
  readonly basic: string
  /** Signs a form as Twilio signs webhooks. */
  readonly sign: (url: string, form: URLSearchParams) => string
  /** How names become addresses, if not by the system. */
  readonly lookup?: Lookup
}

interface Hop {
  readonly method: 'GET' | 'POST'
  readonly url: URL
  readonly headers: Record<string, string>
  readonly body: string | null
}

const mostRedirects = 5
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Calls the servers that flows name: within a time and a size, and never inside our own network unless that
 * is allowed. Redirects are followed, each judged like a URL of its own.
 * https://www.twilio.com/docs/studio/widget-library/http-request
 */
export function makeHttpCaller(
  options: HttpCallerOptions
): HttpCaller & { close(): Promise<void> } {
  const { allowedInternalHosts, timeoutMs, maxBytes, lookup } = options
  const guard = makeGuard(allowedInternalHosts, lookup)
  const agent = new Agent({ connect: { lookup: guard.lookup, timeout: timeoutMs } })

  return {
    async call(request, idempotencyKey) {
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        return await follow(firstHop(request, idempotencyKey, options), signal)
      } catch (error) {
        if (error instanceof CallFailed) throw error
        throw failed(
          signal.aborted
            ? `no answer within ${timeoutMs / 1000} s (setting HTTP_TIMEOUT_SECONDS)`
            : reasonOf(error)
        )
      }
    },
    close: () => agent.close()
  }

  async function follow(first: Hop, signal: AbortSignal): Promise<HttpAnswer> {
    let hop = first
    for (let followed = 0; followed <= mostRedirects; followed++) {
      guard.check(hop.url.hostname)
      const { method, headers, body } = hop
      const response = await send(hop.url, { method, headers, body, signal, dispatcher: agent })
      const location = response.headers.location
      if (!redirects.has(response.statusCode) || typeof location !== 'string') {
        return answerOf(response, await readBody(response, maxBytes))
      }
      await response.body.dump()
      hop = nextHop(hop, response.statusCode, new URL(location, hop.url))
    }
    throw failed(`more than ${mostRedirects} redirects`)
  }
}

function firstHop(
  { method, url: text, contentType, body, credentials }: HttpRequest,
  idempotencyKey: string,
  { basic, sign }: HttpCallerOptions
): Hop {
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw failed(`${url.protocol} is not http or https`)
  const headers: Record<string, string> = {
    'idempotency-key': idempotencyKey,
    'user-agent': 'Reprise'
  }
  if (contentType !== null) headers['content-type'] = contentType
  const inUrl = takeCredentials(url)
  // It stays here, so it must not be signed.
  url.hash = ''
  if (inUrl !== null) headers.authorization = authorization(inUrl)
  if (credentials === 'twilio') headers.authorization = authorization(basic)
  if (credentials === 'signature')
    headers['x-twilio-signature'] = sign(url.href, new URLSearchParams(body ?? ''))
  return { method, url, headers, body }
}

/** Those written into a URL, which does not keep them. */
function takeCredentials(url: URL): string | null {
  if (url.username === '') return null
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return credentials
}

const authorization = (credentials: string): string =>
  `Basic ${Buffer.from(credentials).toString('base64')}`

/** As browsers do: 307 and 308 repeat the request, others fetch; secrets stay with the origin they were for. */
function nextHop({ method, url, headers, body }: Hop, status: number, to: URL): Hop {
  if (to.protocol !== 'http:' && to.protocol !== 'https:')
    throw failed(`redirected to ${to.protocol}`)
  const { authorization: own, 'x-twilio-signature': _, 'content-type': type, ...plain } = headers
  const inUrl = takeCredentials(to)
  const secret = inUrl !== null ? authorization(inUrl) : to.origin === url.origin ? own : undefined
  const kept = { ...plain, ...(secret !== undefined && { authorization: secret }) }
  const repeats = status === 307 || status === 308
  return repeats
    ? { method, url: to, headers: { ...kept, ...(type && { 'content-type': type }) }, body }
    : { method: 'GET', url: to, headers: kept, body: null }
}

const one = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

const answerOf = ({ statusCode, headers }: Dispatcher.ResponseData, body: string): HttpAnswer => ({
  status: statusCode,
  contentType: one(headers['content-type']) ?? '',
  body,
  functionConcurrency: one(headers['x-twilio-function-concurrency']) ?? null
})

const failed = (message: string): CallFailed =>
  new CallFailed({ code: null, status: null, message, outcome: 'unknown' })

/** A name with several addresses has a reason for each. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ')
  return cause instanceof Error ? reasonOf(cause) : message
}
