import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyInstance } from 'fastify'
import { Moods, NewMoods } from '../moods.schema.ts'
import { toRefusal } from '../refusal.ts'
import { ConversationView, MessageView, NewConversation, Saying } from '../world.schema.ts'
import type { World } from '../world.ts'
import {
  ControlError,
  ConversationParams,
  FaultList,
  Limits,
  LogAnswer,
  LogQuery,
  NewLimits,
  Nothing
} from './control.schema.ts'

const failures = { '4xx': ControlError, '5xx': ControlError }

/**
 * The simulator's own API, for whoever plays the customer or wants things to go wrong. Needs no
 * credentials.
 */
export async function controlRoutes(instance: FastifyInstance, { world }: { world: World }) {
  const app = instance.withTypeProvider<TypeBoxTypeProvider>()

  app.setErrorHandler((error, request, reply) => {
    const { code, message, status, details } = toRefusal(error)
    if (status >= 500) request.log.error(error)
    return reply.code(status).send({ code, message, ...(details ? { details } : {}) })
  })

  app.post(
    '/conversations',
    { schema: { body: NewConversation, response: { 201: ConversationView, ...failures } } },
    (request, reply) => {
      reply.code(201)
      return world.openConversation(request.body)
    }
  )

  app.get(
    '/conversations/:sid',
    { schema: { params: ConversationParams, response: { 200: ConversationView, ...failures } } },
    request => world.conversation(request.params.sid)
  )

  app.post(
    '/conversations/:sid/say',
    {
      schema: {
        params: ConversationParams,
        body: Saying,
        response: { 201: MessageView, ...failures }
      }
    },
    (request, reply) => {
      reply.code(201)
      return world.say(request.params.sid, request.body)
    }
  )

  app.get(
    '/log',
    { schema: { querystring: LogQuery, response: { 200: LogAnswer, ...failures } } },
    ({ query }) => ({ entries: world.log.after(query.after), last: world.log.last })
  )

  app.post('/reset', { schema: { response: { 204: Nothing } } }, (_request, reply) => {
    world.reset()
    reply.code(204)
    return null
  })

  app.post(
    '/faults',
    { schema: { body: FaultList, response: { 204: Nothing, ...failures } } },
    (request, reply) => {
      world.faults.add(request.body)
      reply.code(204)
      return null
    }
  )

  app.delete('/faults', { schema: { response: { 204: Nothing } } }, (_request, reply) => {
    world.faults.clear()
    reply.code(204)
    return null
  })

  app.put(
    '/moods',
    { schema: { body: NewMoods, response: { 200: Moods, ...failures } } },
    ({ body }) => world.moods.set(body)
  )

  app.get('/moods', { schema: { response: { 200: Moods } } }, () => world.moods.current)

  app.delete('/moods', { schema: { response: { 204: Nothing } } }, (_request, reply) => {
    world.moods.clear()
    reply.code(204)
    return null
  })

  app.put(
    '/limits',
    { schema: { body: NewLimits, response: { 200: Limits, ...failures } } },
    ({ body }) => {
      world.writeLimit.set(body.writesPerSecond)
      return body
    }
  )

  app.get('/limits', { schema: { response: { 200: Limits } } }, () => ({
    writesPerSecond: world.writeLimit.perSecond
  }))

  app.delete('/limits', { schema: { response: { 204: Nothing } } }, (_request, reply) => {
    world.writeLimit.set(null)
    reply.code(204)
    return null
  })
}
