import { createRequire } from 'node:module'
import type { FastifyInstance } from 'fastify'
import type { Logger as PinoLogger } from 'pino'
import { makeHttpCaller } from './adapters/fetch/http-caller.ts'
import { makeSystemClock, type StoppableClock } from './adapters/system/clock.ts'
import { readFlowFiles } from './adapters/system/flow-files.ts'
import { systemIds } from './adapters/system/ids.ts'
import { makeMatcher } from './adapters/system/patterns.ts'
import { watchStandstills } from './adapters/system/standstills.ts'
import { makeAgents } from './adapters/twilio/agents.ts'
import { makeClient } from './adapters/twilio/client.ts'
import { conversationIn, makeConversations } from './adapters/twilio/conversations.ts'
import { makeHttpClient } from './adapters/twilio/http-client.ts'
import { markerIn } from './adapters/twilio/marker.ts'
import { makeFormSigner, makeSignatureCheck } from './adapters/twilio/signature.ts'
import { makeWriteQueue } from './adapters/twilio/write-queue.ts'
import type { Config, TwilioConfig } from './config.ts'
import { buildApp } from './http/app.ts'
import { InvalidFlow } from './runtime/errors.ts'
import { makeFlowBook } from './runtime/flow-book.ts'
import { publishFlow } from './runtime/flows.ts'
import { makeLookout } from './runtime/looks.ts'
import type { Store } from './runtime/ports.ts'
import { makeReconciler, type Reconciler } from './runtime/reconciler.ts'
import type { Runtime, Tools } from './runtime/runtime.ts'
import { makeWorker } from './runtime/worker.ts'
import { makeRender } from './template/render.ts'
import { widgets } from './widgets/index.ts'

export interface ServiceOptions {
  readonly config: Config
  readonly twilio: TwilioConfig
  readonly publicUrl: string
  readonly logger: PinoLogger
  readonly clock?: StoppableClock
  readonly alwaysSuspend?: boolean
}

export interface Service {
  readonly app: FastifyInstance
  readonly runtime: Runtime
  readonly reconciler: Reconciler
  /** Finishes what is under way, leaves alone what would have to wait, then lets go of the store. */
  close(): Promise<void>
}

const pollMs = 250

/** Puts the rooms together. The service runs executions from here on; whether it listens is the caller's. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const {
    config,
    twilio,
    publicUrl,
    logger,
    clock = makeSystemClock(),
    alwaysSuspend = false
  } = options
  const store = await openStore(config)
  // A claim is renewed so often that whoever loses it has stood still for longer than this.
  const standstills = watchStandstills(clock, config.leaseMs / 3)
  const writes = makeWriteQueue(clock)
  const httpClient = makeHttpClient({
    ...(twilio.baseUrl !== null && { baseUrl: twilio.baseUrl }),
    sleep: clock.sleep,
    standstills: standstills.count,
    tooManyWrites(path) {
      const conversation = conversationIn(path)
      if (conversation !== null) writes.slowDown(conversation)
    }
  })
  const { accountSid } = twilio
  const credential = twilio.apiKey ?? credentialOf(twilio)
  const client = makeClient({ accountSid, ...credential, httpClient })
  const httpCaller = makeHttpCaller({
    ...config.http,
    basic: `${credential.user}:${credential.secret}`,
    sign: makeFormSigner(twilio.authToken)
  })
  const runtime = makeRuntime(config, logger, {
    accountSid,
    alwaysSuspend,
    store,
    clock,
    http: httpCaller,
    agents: makeAgents(client),
    conversations: makeConversations({
      client,
      writes,
      webhookUrl: sid => `${publicUrl}/webhooks/executions/${sid}`
    })
  })
  const reconciler = makeReconciler(runtime, { publicUrl, atStart: config.reconcileAtStart })
  const app = await buildApp({
    runtime,
    reconciler,
    ping: store.ping,
    credentials: [
      credentialOf(twilio),
      ...(twilio.apiKey ? [twilio.apiKey] : []),
      ...config.apiKeys
    ],
    publicUrl,
    maxTriggersPerSecond: config.maxTriggersPerSecond,
    version,
    logger,
    verifySignature: makeSignatureCheck(twilio.authToken, publicUrl),
    sentBy: markerIn
  })
  // Nobody has heard what was said until now.
  app.addHook('onListen', async () => runtime.worker.catchUp())
  const service: Service = {
    app,
    runtime,
    reconciler,
    async close() {
      // Twilio may want a turn to wait for minutes. It is claimed again, and knows what it has done.
      clock.stop()
      await app.close()
      await reconciler.stop()
      await runtime.worker.stop()
      await store.close()
      await httpClient.close()
      await httpCaller.close()
      standstills.stop()
    }
  }
  try {
    if (config.flowsDir !== null) await publishFlowFiles(runtime, config.flowsDir)
  } catch (error) {
    await service.close()
    throw error
  }
  runtime.worker.start()
  reconciler.start()
  return service
}

/** Only the store that is used is loaded: the other one's library would cost a tenth of the start. */
async function openStore({ redis, dataDir, leaseMs }: Config): Promise<Store> {
  if (redis) {
    const { openRedisStore } = await import('./adapters/redis/store.ts')
    return openRedisStore({ ...redis, leaseMs })
  }
  const { openEmbeddedStore } = await import('./adapters/embedded/store.ts')
  return openEmbeddedStore({ dir: dataDir, leaseMs })
}

/** What a runtime is given; all the rest of it follows from the settings. */
export type World = Pick<
  Tools,
  'accountSid' | 'clock' | 'conversations' | 'agents' | 'http' | 'alwaysSuspend'
> & { readonly store: Store }

export function makeRuntime(
  config: Config,
  logger: PinoLogger,
  { store, ...world }: World
): Runtime {
  const { maxTurns, leaseMs } = config
  const tools: Tools = {
    ...world,
    executions: store.executions,
    notes: store.notes,
    flows: makeFlowBook(store.flows, widgets, world.clock),
    ids: systemIds,
    logger,
    lookout: makeLookout(config.catchUpMs),
    env: {
      widgets,
      limits: config.limits,
      render: makeRender({ timeZone: config.timeZone }),
      matches: makeMatcher()
    }
  }
  return { ...tools, worker: makeWorker(tools, { maxTurns, pollMs, leaseMs }) }
}

const { version } = createRequire(import.meta.url)('../package.json') as { version: string }

const credentialOf = ({ accountSid, authToken }: TwilioConfig) => ({
  user: accountSid,
  secret: authToken
})

/** A file of FLOWS_DIR that cannot be published; the message says which, and all that is wrong with it. */
export class BadFlowFile extends Error {
  override readonly name = 'BadFlowFile'
}

/** A flow file that is as it was saves no new revision. */
async function publishFlowFiles(runtime: Runtime, folder: string): Promise<void> {
  const files = await readFlowFiles(folder).catch(error => {
    throw new BadFlowFile(`FLOWS_DIR cannot be read: ${error.message}`)
  })
  for (const { path, name, flowSid, text } of files) {
    const { revision, saved } = await publishFlow(runtime, flowSid, name, text).catch(error => {
      throw error instanceof InvalidFlow ? new BadFlowFile(faultsOf(path, error)) : error
    })
    const message = saved ? 'Published a flow' : 'A flow is as it was'
    runtime.logger.info({ path, flowSid, revision: revision.revision }, message)
  }
}

const faultsOf = (path: string, { faults, message }: InvalidFlow): string =>
  [`${path}: ${message}`, ...faults.map(fault => `  ${fault.propertyPath} ${fault.message}`)].join(
    '\n'
  )
