// A Twilio that runs offline: Conversations, their webhooks, the way to Flex, and a customer to talk to.

import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { createAccount } from './account.ts'
import { createWebhookCaller } from './call-webhook.ts'
import { createDeliveries } from './deliveries.ts'
import { createFaults } from './faults.ts'
import { createLog } from './log.ts'
import { createMoods } from './moods.ts'
import { answerRefusal, nothingHere } from './routes/answer-refusal.ts'
import { api } from './routes/api.ts'
import { controlRoutes } from './routes/control.ts'
import { createWorld, type World } from './world.ts'
import { createWriteLimit } from './write-limit.ts'

export type SimulatorOptions = {
  readonly accountSid: string
  /** Also the key of webhook signatures, even for callers that use an API key. */
  readonly authToken: string
  /** Further credentials: secret by key SID. */
  readonly apiKeys?: Readonly<Record<string, string>>
  readonly now?: () => number
  readonly logger?: FastifyBaseLogger
  /** How many entries the log keeps. */
  readonly logSize?: number
  /** Milliseconds a webhook has to answer; Twilio gives it five seconds. */
  readonly webhookTimeout?: number
  /** Writes per second that a conversation takes, as Twilio takes 30; null, without it, for no limit. */
  readonly writesPerSecond?: number | null
}

export type Simulator = {
  /**
   * Serves the API under `/v1` and the control API under `/simulator`; the caller listens and
   * closes.
   */
  readonly app: FastifyInstance
  /** The control API for callers in the same process. */
  readonly world: World
  /** Resolves when no webhook call is queued, delayed or under way. */
  idle(): Promise<void>
}

export function buildSimulator(options: SimulatorOptions): Simulator {
  const { accountSid, authToken, apiKeys = {}, now = Date.now } = options
  const { logSize = 100_000, webhookTimeout = 5_000, writesPerSecond = null, logger } = options
  const log = createLog(now, logSize)
  const moods = createMoods()
  const faults = createFaults(moods)
  const writeLimit = createWriteLimit(now, writesPerSecond)
  const deliveries = createDeliveries(createWebhookCaller(authToken, webhookTimeout), log, faults)
  const account = createAccount(accountSid, now, deliveries.deliver)
  const world = createWorld({ account, log, faults, moods, writeLimit, deliveries })

  const app = Fastify({
    ...(logger ? { loggerInstance: logger } : {}),
    // The log of the simulator tells more than a line for each request.
    logController: new LogController({ disableRequestLogging: true }),
    // Unique names stand in paths and may be long.
    routerOptions: { maxParamLength: 1_024 },
    // Refuse what nobody understands instead of dropping it silently.
    ajv: { customOptions: { removeAdditional: false } }
  })
  app.setErrorHandler(answerRefusal)
  app.setNotFoundHandler(nothingHere)
  const users = { ...apiKeys, [accountSid]: authToken }
  app.register(api, { prefix: '/v1', account, users, faults, log, writeLimit })
  app.register(controlRoutes, { prefix: '/simulator', world })
  app.addHook('preClose', async () => deliveries.close())

  return { app, world, idle: deliveries.idle }
}
