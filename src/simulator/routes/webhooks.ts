import type { FastifyInstance } from 'fastify'
import { describeWebhook } from '../describe.ts'
import { type Form, list, requireSomething, text, wholeNumber } from '../form.ts'
import { cut, readWindow, webhookLimits } from '../paging.ts'
import { addWebhook, findWebhook, updateWebhook, type WebhookInput } from '../webhooks.ts'
import { formOf, locate, metaOf, queryOf, type RouteOptions, sidOf } from './request.ts'

const collection = '/Conversations/:conversation/Webhooks'
const item = `${collection}/:sid`

/** https://www.twilio.com/docs/conversations-classic/api/conversation-scoped-webhook-resource */
export async function webhookRoutes(app: FastifyInstance, { account }: RouteOptions) {
  app.post(collection, (request, reply) => {
    const { place, conversation } = locate(account, request)
    const webhook = addWebhook(account, conversation, readInput(formOf(request)))
    return reply.code(201).send(describeWebhook(place, conversation, webhook))
  })

  app.get(collection, request => {
    const { place, conversation } = locate(account, request)
    const window = readWindow(queryOf(request), webhookLimits)
    const all = [...conversation.webhooks.values()]
    return {
      meta: metaOf(request, window, 'webhooks', all.length),
      webhooks: cut(all, window).map(each => describeWebhook(place, conversation, each))
    }
  })

  app.get(item, request => {
    const { place, conversation } = locate(account, request)
    return describeWebhook(place, conversation, findWebhook(conversation, sidOf(request)))
  })

  app.post(item, request => {
    const { place, conversation } = locate(account, request)
    const webhook = findWebhook(conversation, sidOf(request))
    const form = formOf(request)
    requireSomething(form)
    updateWebhook(account, conversation, webhook, readInput(form))
    return describeWebhook(place, conversation, webhook)
  })

  app.delete(item, (request, reply) => {
    const { conversation } = locate(account, request)
    conversation.webhooks.delete(findWebhook(conversation, sidOf(request)).sid)
    return reply.code(204).send()
  })
}

const readInput = (form: Form): WebhookInput => ({
  target: text(form, 'Target'),
  url: text(form, 'Configuration.Url'),
  method: text(form, 'Configuration.Method'),
  filters: list(form, 'Configuration.Filters'),
  triggers: list(form, 'Configuration.Triggers'),
  flowSid: text(form, 'Configuration.FlowSid'),
  replayAfter: wholeNumber(form, 'Configuration.ReplayAfter')
})
