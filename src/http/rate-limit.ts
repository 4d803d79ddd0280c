import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import { TooManyRequests } from './errors.ts'

/**
 * Studio takes 20 executions a second by REST; here the operator says how many, for all callers together and
 * each process by itself. https://www.twilio.com/docs/studio/user-guide/studio-faq
 */
export async function installRateLimit(app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, {
    global: false,
    keyGenerator: () => 'account',
    errorResponseBuilder: (_request, { max }) =>
      new TooManyRequests(
        `This service takes ${max} new executions a second (setting MAX_TRIGGERS_PER_SECOND); try again soon`
      )
  })
}

/** The option of a route that starts executions; nothing where there is no limit. */
export const triggersPerSecond = (max: number | null) =>
  max === null ? {} : { config: { rateLimit: { max, timeWindow: 1000 } } }
