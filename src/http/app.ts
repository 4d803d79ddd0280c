import formbody from '@fastify/formbody'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import type { Reconciler } from '../runtime/reconciler.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Credential, makeAuthenticate } from './authenticate.ts'
import { answerError, answerNothing, describeFaults } from './errors.ts'
import { installOrigin } from './links.ts'
import { installOpenApi } from './openapi.ts'
import { installRateLimit } from './rate-limit.ts'
import { executionRoutes } from './routes/executions.ts'
import { flowRoutes } from './routes/flows.ts'
import { healthRoutes } from './routes/health.ts'
import { reconciliationRoutes } from './routes/reconciliations.ts'
import { revisionRoutes } from './routes/revisions.ts'
import { stepRoutes } from './routes/steps.ts'
import { testUserRoutes } from './routes/test-users.ts'
import { type WebhookRoutesOptions, webhookRoutes } from './routes/webhooks.ts'

export interface AppDependencies extends WebhookRoutesOptions {
  readonly runtime: Runtime
  readonly reconciler: Reconciler
  readonly ping: () => Promise<void>
  readonly credentials: readonly Credential[]
  readonly publicUrl: string
  readonly maxTriggersPerSecond: number | null
  readonly version: string
  readonly logger?: FastifyBaseLogger
}

const bodyBytes = 512 * 1024

/** The whole HTTP surface; it neither listens nor reads the environment. */
export async function buildApp(dependencies: AppDependencies): Promise<FastifyInstance> {
  const {
    runtime,
    reconciler,
    ping,
    credentials,
    publicUrl,
    maxTriggersPerSecond,
    version,
    logger
  } = dependencies
  const app = Fastify({
    bodyLimit: bodyBytes,
    logController: new LogController({ disableRequestLogging: true }),
    schemaErrorFormatter: describeFaults,
    // Those before routing, such as a path that is not encoded right.
    frameworkErrors: answerError,
    ...(logger && { loggerInstance: logger })
  }).withTypeProvider<TypeBoxTypeProvider>()

  app.setErrorHandler(answerError)
  app.setNotFoundHandler(answerNothing)
  app.removeContentTypeParser('text/plain')
  app.addHook('preClose', done => {
    // A connection whose last answer is under way is closed after it, not when its caller is done with it.
    app.server.keepAliveTimeout = 1
    done()
  })
  await app.register(formbody)
  await installOpenApi(app, version)
  await app.register(healthRoutes, { ping })
  await app.register(webhookRoutes, dependencies)
  await app.register(
    async api => {
      api.addHook('onRequest', makeAuthenticate(credentials))
      installOrigin(api, publicUrl)
      await api.register(flowRoutes, { runtime, publicUrl })
      await api.register(revisionRoutes, { runtime })
      await api.register(testUserRoutes, { runtime })
      await installRateLimit(api)
      await api.register(executionRoutes, { runtime, maxTriggersPerSecond })
      await api.register(stepRoutes, { runtime })
    },
    { prefix: '/v2' }
  )
  await app.register(async api => {
    api.addHook('onRequest', makeAuthenticate(credentials))
    installOrigin(api, publicUrl)
    await api.register(reconciliationRoutes, { accountSid: runtime.accountSid, reconciler })
  })
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
  return app as unknown as FastifyInstance
}
