import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'

export interface HealthRoutesOptions {
  /** Resolves when the store answers. */
  readonly ping: () => Promise<void>
}

const Health = Type.Object({ status: Type.String() }, { description: 'Yes' })
const Unready = Type.Object(
  { status: Type.String(), reason: Type.String() },
  { description: 'No; send requests elsewhere' }
)
const tags = ['Operations']

export const healthRoutes: FastifyPluginAsyncTypebox<HealthRoutesOptions> = async (
  app,
  { ping }
) => {
  let stopping = false
  app.addHook('preClose', done => {
    stopping = true
    done()
  })

  app.get('/healthz', {
    logLevel: 'warn',
    schema: {
      operationId: 'Healthz',
      tags,
      summary: 'The process is alive',
      response: { 200: Health }
    },
    handler: async () => ({ status: 'ok' })
  })

  app.get('/readyz', {
    logLevel: 'warn',
    schema: {
      operationId: 'Readyz',
      tags,
      summary: 'The store answers, and the process does not stop',
      response: { 200: Health, 503: Unready }
    },
    async handler(_request, reply) {
      try {
        await ping()
        // Whoever was told otherwise now would meet nobody.
        if (stopping) throw new Error('The process stops')
        return { status: 'ok' }
      } catch (error) {
        return reply.code(503).send({ status: 'unready', reason: (error as Error).message })
      }
    }
  })
}
