import type { FastifyInstance } from 'fastify'
import { addService, findService } from '../account.ts'
import { describeService } from '../describe.ts'
import { text } from '../form.ts'
import { cut, readWindow, usualLimits } from '../paging.ts'
import { badParameter } from '../refusal.ts'
import { baseOf, formOf, metaOf, queryOf, type RouteOptions, sidOf } from './request.ts'

/** https://www.twilio.com/docs/conversations-classic/api/service-resource */
export async function serviceRoutes(app: FastifyInstance, { account }: RouteOptions) {
  const own = { accountSid: account.sid }

  app.post('/Services', (request, reply) => {
    const friendlyName = text(formOf(request), 'FriendlyName', 256)
    if (!friendlyName) throw badParameter('FriendlyName is missing')
    const service = addService(account, account.newSid('IS'), friendlyName)
    return reply.code(201).send(describeService(own, baseOf(request), service))
  })

  app.get('/Services', request => {
    const window = readWindow(queryOf(request), usualLimits)
    const services = [...account.services.values()]
    return {
      meta: metaOf(request, window, 'services', services.length),
      services: cut(services, window).map(each => describeService(own, baseOf(request), each))
    }
  })

  app.get('/Services/:sid', request =>
    describeService(own, baseOf(request), findService(account, sidOf(request)))
  )
}
