import type { FastifyInstance } from 'fastify'
import {
  type ConversationInput,
  createConversation,
  removeConversation,
  updateConversation
} from '../conversations.ts'
import { describeConversation } from '../describe.ts'
import { date, dates, type Form, oneOf, requireSomething, sid, text } from '../form.ts'
import { settleTimers } from '../life.ts'
import type { Conversation } from '../model.ts'
import { cut, readWindow, usualLimits } from '../paging.ts'
import { refuse } from '../refusal.ts'
import { actorOf, formOf, locate, metaOf, placeOf, queryOf, type RouteOptions } from './request.ts'

const states = ['active', 'inactive', 'closed'] as const

/** https://www.twilio.com/docs/conversations-classic/api/conversation-resource */
export async function conversationRoutes(app: FastifyInstance, { account }: RouteOptions) {
  app.post('/Conversations', (request, reply) => {
    const place = placeOf(account, request)
    const conversation = createConversation(account, place.service, readInput(formOf(request)))
    return reply.code(201).send(describeConversation(place, conversation))
  })

  app.get('/Conversations', request => {
    const place = placeOf(account, request)
    const window = readWindow(queryOf(request), usualLimits)
    for (const each of place.service.conversations.values()) settleTimers(account, each)
    const wanted = [...place.service.conversations.values()].filter(readFilter(queryOf(request)))
    return {
      meta: metaOf(request, window, 'conversations', wanted.length),
      conversations: cut(wanted, window).map(each => describeConversation(place, each))
    }
  })

  app.get('/Conversations/:conversation', request => {
    const { place, conversation } = locate(account, request)
    return describeConversation(place, conversation)
  })

  app.post('/Conversations/:conversation', request => {
    const { place, conversation } = locate(account, request)
    const form = formOf(request)
    requireSomething(form)
    updateConversation(account, conversation, readInput(form), actorOf(request))
    return describeConversation(place, conversation)
  })

  app.delete('/Conversations/:conversation', (request, reply) => {
    const { conversation } = locate(account, request)
    removeConversation(account, conversation, actorOf(request))
    return reply.code(204).send()
  })
}

const readInput = (form: Form): ConversationInput => ({
  friendlyName: text(form, 'FriendlyName', 256),
  // An empty unique name takes it away.
  uniqueName: form.UniqueName === '' ? null : text(form, 'UniqueName', 256),
  attributes: text(form, 'Attributes'),
  messagingServiceSid: sid(form, 'MessagingServiceSid', 'MG'),
  state: readState(form),
  inactiveTimer: text(form, 'Timers.Inactive'),
  closedTimer: text(form, 'Timers.Closed'),
  ...dates(form)
})

function readState(form: Form) {
  const value = text(form, 'State')
  if (value === undefined) return undefined
  if (value === '') throw refuse(50374, 'State is empty')
  const state = states.find(candidate => candidate === value)
  if (!state) throw refuse(50378, `State must be one of ${states.join(', ')}`)
  return state
}

function readFilter(query: Form) {
  const state = oneOf(query, 'State', states)
  const start = date(query, 'StartDate') ?? Number.NEGATIVE_INFINITY
  const end = date(query, 'EndDate') ?? Number.POSITIVE_INFINITY
  return (each: Conversation) =>
    (state === undefined || each.state === state) &&
    each.dateCreated >= start &&
    each.dateCreated <= end
}
