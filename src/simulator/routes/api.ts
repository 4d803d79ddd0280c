import formbody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'
import type { Account } from '../account.ts'
import type { Faults } from '../faults.ts'
import type { Log } from '../log.ts'
import type { WriteLimit } from '../write-limit.ts'
import { nothingHere } from './answer-refusal.ts'
import { authenticate } from './authenticate.ts'
import { conversationRoutes } from './conversations.ts'
import { flexRoutes } from './flex.ts'
import { keepLog } from './keep-log.ts'
import { limitWrites } from './limit-writes.ts'
import { messageRoutes } from './messages.ts'
import { misbehave } from './misbehave.ts'
import { participantRoutes } from './participants.ts'
import type { RouteOptions } from './request.ts'
import { serviceRoutes } from './services.ts'
import { webhookRoutes } from './webhooks.ts'

type ApiOptions = {
  readonly account: Account
  readonly users: Readonly<Record<string, string>>
  readonly faults: Faults
  readonly log: Log
  readonly writeLimit: WriteLimit
}

/**
 * Conversations API v1, and of Flex's, which is another host at Twilio, what hands conversations over.
 * https://www.twilio.com/docs/conversations-classic/api
 */
export async function api(app: FastifyInstance, options: ApiOptions) {
  const { account, users, faults, log, writeLimit } = options
  // Unknown paths inside the API need credentials and are logged like any other call.
  app.setNotFoundHandler(nothingHere)

  authenticate(app, users)
  keepLog(app, log, misbehave(app, faults, log))
  limitWrites(app, account, writeLimit)
  app.removeAllContentTypeParsers()
  await app.register(formbody)
  await app.register(serviceRoutes, { account })
  await app.register(flexRoutes, { account })
  await app.register(family, { account })
  await app.register(family, { account, prefix: '/Services/:chatServiceSid' })
}

/** One of the two URL families, which differ in their prefix only. */
async function family(app: FastifyInstance, { account }: RouteOptions) {
  await app.register(conversationRoutes, { account })
  await app.register(participantRoutes, { account })
  await app.register(messageRoutes, { account })
  await app.register(webhookRoutes, { account })
}
