// A real service on its embedded store, beside a simulator that plays Twilio, and the official SDK to call both.

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import type { Test } from 'tap'
import twilio from 'twilio'
import type { ExecutionInstance } from 'twilio/lib/rest/studio/v2/flow/execution.js'
import type { StoppableClock } from '../../src/adapters/system/clock.ts'
import { readConfig } from '../../src/config.ts'
import { type Service, startService } from '../../src/service.ts'
import { buildSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/app.ts'
import { simulatorSpec, twilioSpec } from './twilio-spec.ts'

// The SDK would build other host names from these.
delete process.env.TWILIO_EDGE
delete process.env.TWILIO_REGION

export const accountSid = `AC${'0'.repeat(31)}1`
export const authToken = 'the auth token'
export const customer = '+15550001111'
export const business = '+15550002222'

/** Every service of the tests saves and reloads at every effect: `npm run test:suspend`. */
export const alwaysSuspend = process.env.ALWAYS_SUSPEND === '1'

export interface BuildOptions {
  /** Further settings, as the environment names them. */
  readonly environment?: Readonly<Record<string, string>>
  readonly clock?: StoppableClock
  /** How the simulator is to be. */
  readonly simulator?: Partial<SimulatorOptions>
  /** A service that was closed: its store, its port and its Twilio, as after a restart. */
  readonly after?: { readonly dataDir: string; readonly port: number; readonly twin: Twin }
}

/** The simulator, and where it listens. */
interface Twin {
  readonly simulator: Simulator
  readonly origin: string
}

/**
 * Starts both, listening, and closes them after the test. Every answer of either API is checked against
 * Twilio's specification, whoever asked.
 */
export async function buildService(t: Test, options: BuildOptions = {}) {
  const { after, clock } = options
  const dataDir = after?.dataDir ?? temporaryFolder(t)
  const twin = after?.twin ?? (await startTwin(t, options.simulator))
  const { simulator } = twin
  const { world } = simulator
  const port = after?.port ?? (await freePort())
  const url = `http://127.0.0.1:${port}`
  const config = readConfig({
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_API_BASE_URL: twin.origin,
    PUBLIC_URL: url,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    // It would call Twilio in the middle of a test that counts the calls.
    RECONCILE_AT_START: 'false',
    ...options.environment
  })
  if (!config.twilio || !config.publicUrl) throw new Error('The test must not take Twilio away')
  const service = await startService({
    config,
    twilio: config.twilio,
    publicUrl: config.publicUrl,
    logger: pino({ level: config.logLevel }),
    alwaysSuspend,
    ...(clock && { clock })
  })
  const busy = watch(service)
  checkAnswers(t, service.app, () => 'studio_v2', '/v2')
  await service.app.listen({ host: '127.0.0.1', port })

  let closed: Promise<void> | null = null
  const close = () => {
    closed ??= service.close()
    return closed
  }
  t.teardown(close)

  const client = twilio(accountSid, authToken)
  client.studio.baseUrl = url
  client.conversations.baseUrl = twin.origin

  return {
    ...service,
    service,
    simulator,
    world,
    client,
    url,
    port,
    dataDir,
    twin,
    close,

    /** A raw call of the API. A form is sent as such, text as it is; `authorization` may be given or taken away. */
    async call(method: string, path: string, input: Call = {}): Promise<Answer> {
      const { form, text, headers = {} } = input
      const body = form ? new URLSearchParams(form) : text
      const response = await fetch(url + path, {
        method,
        headers: { authorization: basic(accountSid, authToken), ...headers },
        ...(body !== undefined && { body })
      })
      const answer = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json')
      return {
        status: response.status,
        body: isJson ? JSON.parse(answer) : answer,
        headers: response.headers
      }
    },

    /** Saves a flow, published if not said otherwise, and answers its SID. */
    async publish(definition: object, status: 'published' | 'draft' = 'published') {
      const flows = client.studio.v2.flows
      return (await flows.create({ friendlyName: 'A flow', status, definition })).sid
    },

    /** A Conversation between somebody, if not said otherwise somebody new, and the business; answers its SID. */
    openConversation: (address = newAddress()) =>
      world.openConversation({ participants: [{ address, proxyAddress: business }] }).sid,

    /** Starts an execution by the REST API. */
    trigger: (
      flowSid: string,
      parameters: object = {},
      to = customer
    ): Promise<ExecutionInstance> =>
      client.studio.v2.flows(flowSid).executions.create({ to, from: business, parameters }),

    /** Says something in a Conversation as its first participant, and waits until all that it causes is done. */
    async say(conversationSid: string, body: string) {
      const message = world.say(conversationSid, { body })
      await idle()
      return message
    },

    idle
  }

  /** Resolves when no webhook is on its way, no turn runs, and no teardown is due. */
  async function idle(): Promise<void> {
    await eventually(async () => {
      await simulator.idle()
      if (busy() > 0 || (await tearsDown(service))) return false
      // Calls to the store may be answered together; what one of them leads to has not begun yet.
      await setImmediate()
      return busy() === 0
    })
  }
}

interface Call {
  readonly form?: Record<string, string> | undefined
  readonly text?: string | undefined
  readonly headers?: Record<string, string> | undefined
}

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: every test knows what it asked for
  readonly body: any
  readonly headers: Headers
}

export const basic = (user: string, secret: string): string =>
  `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`

let people = 0

function newAddress(): string {
  people += 1
  return `+1555100${String(people).padStart(4, '0')}`
}

/** Looks again and again until it sees something; gives up loudly. */
export async function eventually<T>(look: () => T | Promise<T>, patienceMs = 10_000): Promise<T> {
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > giveUpAt) throw new Error(`It never came true: ${look}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

/** A flow of these widgets, each `[name, type, properties, { event: next }]`, the first one behind a REST trigger. */
export function flowOf(...widgets: [string, string, object, Record<string, string | null>][]) {
  const [first = ['']] = widgets
  const state = (name: string, type: string, properties: object, transitions: object) => ({
    name,
    type,
    properties,
    transitions: Object.entries(transitions).map(([event, next]) => ({ event, next }))
  })
  return {
    description: 'A flow of a test',
    initial_state: 'Trigger',
    flags: { allow_concurrent_calls: true },
    states: [
      state('Trigger', 'trigger', {}, { incomingRequest: first[0] }),
      ...widgets.map(widget => state(...widget))
    ]
  }
}

/** Resumes `flow.data.conversation_sid`, asks, and thanks. */
export const askAndThank = (close = false) =>
  flowOf(
    [
      'resume',
      'resume-conversation',
      {
        conversation_sid: '{{flow.data.conversation_sid}}',
        conversation_service_sid: '',
        close_conversation_on_execution_end: close
      },
      { resumed: 'ask', failed: null }
    ],
    [
      'ask',
      'send-and-wait-for-reply',
      { body: 'How are you, {{flow.data.name}}?', timeout: '3600' },
      { incomingMessage: 'thank', timeout: null, deliveryFailure: null }
    ],
    [
      'thank',
      'send-message',
      { body: '"{{widgets.ask.inbound.Body}}" is noted.' },
      { sent: null, failed: null }
    ]
  )

async function startTwin(t: Test, options: Partial<SimulatorOptions> = {}): Promise<Twin> {
  const apiKeys = { [keySid]: keySecret }
  const simulator = buildSimulator({ accountSid, authToken, apiKeys, ...options })
  checkAnswers(t, simulator.app, simulatorSpec, '/v1')
  const origin = await simulator.app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => simulator.app.close())
  return { simulator, origin }
}

/** An API key that the simulator knows, for `TWILIO_API_KEY` and `TWILIO_API_SECRET`. */
export const keySid = `SK${'0'.repeat(31)}2`
export const keySecret = 'the secret of the key'

/** What is ours alone in Studio's URL space; the specification has no answer for it. */
const ours = [
  /^PUT \/v2\/Flows\/\w+$/,
  /^GET \/v2\/Flows\/\w+\/Executions\/\w+\/(Diagnosis|Events)$/,
  /^POST \/v2\/Flows\/\w+\/Executions\/\w+\/Steps$/
]

function checkAnswers(t: Test, app: FastifyInstance, specOf: typeof simulatorSpec, prefix: string) {
  app.addHook('onSend', async ({ method, url }, { statusCode }, payload) => {
    const known = statusCode >= 400 || !ours.some(call => call.test(`${method} ${pathOf(url)}`))
    if (!url.startsWith(`${prefix}/`) || !known) return payload
    const body = typeof payload === 'string' && payload !== '' ? JSON.parse(payload) : payload
    const violations = twilioSpec(specOf(url)).check(method, url, statusCode, body)
    if (violations.length > 0)
      t.fail(`${method} ${url} must answer as Twilio`, { violations, body })
    return payload
  })
}

const pathOf = (url: string) => url.split('?', 1)[0] ?? ''

/** How many turns, and claims for turns, are under way. */
function watch({ runtime }: Service): () => number {
  let busy = 0
  const counted =
    <A extends unknown[], R>(call: (...input: A) => Promise<R>) =>
    (...input: A): Promise<R> => {
      busy += 1
      return call(...input).finally(() => {
        busy -= 1
      })
    }
  const { worker, executions } = runtime
  Object.assign(worker, { run: counted(worker.run) })
  Object.assign(executions, {
    claim: counted(executions.claim),
    claimDue: counted(executions.claimDue)
  })
  return () => busy
}

async function tearsDown({ runtime }: Service): Promise<boolean> {
  const { flows, executions, clock } = runtime
  for (const { flowSid } of await flows.store.listFlows()) {
    const ended = await executions.list({ flowSid, status: 'ended', limit: 1000 })
    if (ended.some(({ teardown }) => teardown && teardown.nextAt <= clock.now())) return true
  }
  return false
}

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-test-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
