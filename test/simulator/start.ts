// What the tests of the simulator share: a running one, ways to call it, and somebody who listens
// to its webhooks.

import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import twilio from 'twilio'
import { buildSimulator, type SimulatorOptions } from '../../src/simulator/app.ts'
import { simulatorSpec, twilioSpec } from '../support/twilio-spec.ts'

// The SDK would build other host names from these.
delete process.env.TWILIO_EDGE
delete process.env.TWILIO_REGION

export const accountSid = `AC${'0'.repeat(31)}1`
export const authToken = 'the auth token'
export const phone = { address: '+15550001111', proxyAddress: '+15550002222' }

export type Form = Record<string, string | number | readonly string[]>
type Answer = { status: number; body: Record<string, unknown>; headers: Headers }

/** Every answer of its API, to whomever, is checked against Twilio's specification. */
export async function start(t: Test, options: Partial<SimulatorOptions> = {}) {
  const simulator = buildSimulator({ accountSid, authToken, ...options })
  const { app, world, idle } = simulator
  app.addHook('onSend', async ({ method, url }, { statusCode }, payload) => {
    if (!url.startsWith('/v1')) return payload
    const body = typeof payload === 'string' ? JSON.parse(payload) : payload
    const violations = twilioSpec(simulatorSpec(url)).check(method, url, statusCode, body)
    if (violations.length > 0)
      t.fail(`${method} ${url} must answer as Twilio`, { violations, body })
    return payload
  })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())

  const client = twilio(accountSid, authToken)
  client.conversations.baseUrl = origin
  client.flexApi.baseUrl = origin

  /** A raw call of the API; the path starts behind `/v1`. */
  const call = async (
    method: string,
    path: string,
    form?: Form,
    headers: Record<string, string> = {},
    signal: AbortSignal | null = null
  ): Promise<Answer> => {
    const credentials = Buffer.from(`${accountSid}:${authToken}`).toString('base64')
    const response = await fetch(`${origin}/v1${path}`, {
      method,
      signal,
      headers: { authorization: `Basic ${credentials}`, ...headers },
      ...(form ? { body: encode(form) } : {})
    })
    const text = await response.text()
    const { status } = response
    return { status, body: text === '' ? {} : JSON.parse(text), headers: response.headers }
  }

  /** What a call is refused with, in one line. */
  const refusal = async (method: string, path: string, form?: Form) => {
    const { status, body } = await call(method, path, form)
    return `${status} ${body.code}`
  }

  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${origin}/simulator${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } })
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }

  return { app, world, idle, origin, client, call, refusal, control }
}

export type Received = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly params: Record<string, string>
}

/** A server that notes what it is sent. `answer` may hold a request back or choose a status. */
export async function listen(
  t: Test,
  answer: (received: Received) => Promise<number> | number = () => 200
) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url = '', headers } = request
    const query = new URL(url, 'http://any').searchParams
    const params = Object.fromEntries(method === 'GET' ? query : new URLSearchParams(body))
    const entry = { method, url, headers, params }
    received.push(entry)
    response.writeHead(await answer(entry)).end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  })
  return { received, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }
}

/** Something to wait for until somebody opens it. */
export function gate<T>() {
  let open: (value: T) => void = () => {}
  const opened = new Promise<T>(resolve => {
    open = resolve
  })
  return { opened, open }
}

function encode(form: Form) {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) {
    for (const each of Array.isArray(value) ? value : [value]) search.append(name, String(each))
  }
  return search
}
