import { Agent, type ClientRequest, request as httpRequest } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'
import { stringify } from 'node:querystring'
import type { Delivery } from './model.ts'
import { sign } from './signature.ts'

export type WebhookCaller = {
  /** Calls once and answers the HTTP status; fails if none arrives in time. */
  call(delivery: Delivery, token: string): Promise<number>
  /** Ends the calls under way, which then fail. */
  close(): void
}

export function createWebhookCaller(authToken: string, timeout: number): WebhookCaller {
  // A load test makes many thousand calls to few places: connections are kept, and not opened
  // without bound.
  const agents = {
    http: new Agent({ keepAlive: true, maxSockets: 256 }),
    https: new SecureAgent({ keepAlive: true, maxSockets: 256 })
  }
  const underWay = new Set<ClientRequest>()

  return {
    call(delivery, token) {
      const { url, body, headers } = prepare(authToken, delivery, token)
      const options = { method: delivery.method.toUpperCase(), headers }
      return new Promise((resolve, reject) => {
        const request = url.startsWith('https:')
          ? secureRequest(url, { ...options, agent: agents.https })
          : httpRequest(url, { ...options, agent: agents.http })
        const tooLate = () => request.destroy(new Error(`no answer within ${timeout} ms`))
        let timer: NodeJS.Timeout | undefined
        underWay.add(request)
        // Waiting for a connection of our own to come free is no fault of the receiver.
        request.on('socket', () => {
          timer = setTimeout(tooLate, timeout)
        })
        request.on('response', response => {
          response.on('error', reject)
          response.on('end', () => resolve(response.statusCode ?? 0))
          response.resume()
        })
        request.on('error', reject)
        request.on('close', () => {
          clearTimeout(timer)
          underWay.delete(request)
        })
        request.end(body)
      })
    },
    close() {
      for (const request of underWay) request.destroy(new Error('the simulator was closed'))
      agents.http.destroy()
      agents.https.destroy()
    }
  }
}

/** Headers as Twilio sends them: https://www.twilio.com/docs/usage/webhooks/webhooks-overview */
function prepare(authToken: string, { url, method, params }: Delivery, token: string) {
  // A fragment never leaves the client, so it is not part of what the receiver checks.
  const target = url.split('#', 1)[0] ?? url
  const headers = {
    Accept: '*/*',
    'User-Agent': 'TwilioProxy/1.1',
    'I-Twilio-Idempotency-Token': token
  }
  const form = stringify(params)
  if (method === 'get') {
    const full = `${target}${target.includes('?') ? '&' : '?'}${form}`
    const signed = { ...headers, 'X-Twilio-Signature': sign(authToken, full) }
    return { url: full, body: undefined, headers: signed }
  }
  const signed = {
    ...headers,
    'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
    'Content-Length': Buffer.byteLength(form),
    'X-Twilio-Signature': sign(authToken, target, params)
  }
  return { url: target, body: form, headers: signed }
}
