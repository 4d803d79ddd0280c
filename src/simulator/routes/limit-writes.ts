import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Account } from '../account.ts'
import type { WriteLimit } from '../write-limit.ts'
import { locate, placeOf } from './request.ts'

/** Messages, participants and updates count for their conversation; making and deleting one, for the service. */
const ofConversation =
  /^(POST|DELETE) .*\/(Messages|Participants)(\/:sid)?$|^POST .*\/:conversation$/
const ofService = /^POST .*\/Conversations$|^DELETE .*\/:conversation$/

/** Refuses the writes of a scope that come too fast, before they do anything. */
export function limitWrites(app: FastifyInstance, account: Account, limit: WriteLimit) {
  app.addHook('preHandler', async request => {
    if (limit.perSecond === null) return
    const call = `${request.method} ${request.routeOptions.url}`
    if (ofConversation.test(call)) limit.admit(locate(account, request).conversation.sid)
    else if (ofService.test(call)) limit.admit(serviceOf(account, request))
  })
}

const serviceOf = (account: Account, request: FastifyRequest) =>
  placeOf(account, request).service.sid
