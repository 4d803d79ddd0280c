// What the routes read from a request.

import type { FastifyRequest } from 'fastify'
import { type Account, findService } from '../account.ts'
import { findConversation } from '../conversations.ts'
import type { Place } from '../describe.ts'
import { byApi } from '../events.ts'
import type { Form } from '../form.ts'
import { describePage, type Window } from '../paging.ts'

export type RouteOptions = { readonly account: Account }

/** Both URL families share their routes: only one of them has a service in its path. */
export function placeOf(account: Account, request: FastifyRequest): Place {
  const { chatServiceSid } = request.params as { chatServiceSid?: string }
  const scoped = chatServiceSid !== undefined
  const service = scoped ? findService(account, chatServiceSid) : account.defaultService
  const base = scoped ? `${baseOf(request)}/Services/${service.sid}` : baseOf(request)
  return { accountSid: account.sid, service, scoped, base }
}

export const baseOf = (request: FastifyRequest) => `${request.protocol}://${request.host}/v1`

export function locate(account: Account, request: FastifyRequest) {
  const place = placeOf(account, request)
  const { conversation: name } = request.params as { conversation: string }
  return { place, conversation: findConversation(account, place.service, name) }
}

/** The resource's own SID, for paths that end in one. */
export const sidOf = (request: FastifyRequest) => (request.params as { sid: string }).sid

export const formOf = (request: FastifyRequest) => (request.body ?? {}) as Form

export const queryOf = (request: FastifyRequest) => request.query as Form

/** https://www.twilio.com/docs/conversations-classic/conversations-webhooks */
export const actorOf = (request: FastifyRequest) =>
  byApi(request.headers['x-twilio-webhook-enabled'] === 'true')

export function metaOf(request: FastifyRequest, window: Window, key: string, total: number) {
  const [path = ''] = request.url.split('?', 1)
  const url = `${request.protocol}://${request.host}${path}`
  return describePage(window, { url, query: queryOf(request), key, total })
}
