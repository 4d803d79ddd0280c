import type { FastifyInstance } from 'fastify'
import { describeMessage } from '../describe.ts'
import { dates, type Form, oneOf, requireSomething, sid, text } from '../form.ts'
import {
  addMessage,
  findMessage,
  type MessageInput,
  removeMessage,
  updateMessage
} from '../messages.ts'
import type { Media } from '../model.ts'
import { cut, cutFromEnd, readWindow, usualLimits } from '../paging.ts'
import { badParameter } from '../refusal.ts'
import { actorOf, formOf, locate, metaOf, queryOf, type RouteOptions, sidOf } from './request.ts'

const collection = '/Conversations/:conversation/Messages'
const item = `${collection}/:sid`

/** https://www.twilio.com/docs/conversations-classic/api/conversation-message-resource */
export async function messageRoutes(app: FastifyInstance, { account }: RouteOptions) {
  app.post(collection, (request, reply) => {
    const { place, conversation } = locate(account, request)
    const input = readInput(formOf(request))
    const message = addMessage(account, conversation, input, actorOf(request))
    return reply.code(201).send(describeMessage(place, conversation, message))
  })

  app.get(collection, request => {
    const { place, conversation } = locate(account, request)
    const { messages } = conversation
    const window = readWindow(queryOf(request), usualLimits)
    const newestFirst = oneOf(queryOf(request), 'Order', ['asc', 'desc']) === 'desc'
    const wanted = newestFirst ? cutFromEnd(messages, window) : cut(messages, window)
    return {
      meta: metaOf(request, window, 'messages', messages.length),
      messages: wanted.map(each => describeMessage(place, conversation, each))
    }
  })

  app.get(item, request => {
    const { place, conversation } = locate(account, request)
    return describeMessage(place, conversation, findMessage(conversation, sidOf(request)))
  })

  app.post(item, request => {
    const { place, conversation } = locate(account, request)
    const message = findMessage(conversation, sidOf(request))
    const form = formOf(request)
    requireSomething(form)
    const { media, contentSid, ...changes } = readInput(form)
    updateMessage(account, conversation, message, changes, actorOf(request))
    return describeMessage(place, conversation, message)
  })

  app.delete(item, (request, reply) => {
    const { conversation } = locate(account, request)
    const message = findMessage(conversation, sidOf(request))
    removeMessage(account, conversation, message, actorOf(request))
    return reply.code(204).send()
  })

  // No carrier reports back to a simulator, so there is nothing to show here.
  app.get(`${item}/Receipts`, request => {
    const { conversation } = locate(account, request)
    findMessage(conversation, sidOf(request))
    const window = readWindow(queryOf(request), usualLimits)
    return { meta: metaOf(request, window, 'delivery_receipts', 0), delivery_receipts: [] }
  })
}

function readInput(form: Form): MessageInput {
  const contentSid = sid(form, 'ContentSid', 'HX')
  text(form, 'Subject', 256)
  return {
    author: text(form, 'Author', 256),
    attributes: text(form, 'Attributes'),
    ...(contentSid === undefined
      ? { body: text(form, 'Body'), media: readMedia(form) }
      : { body: renderContent(form, contentSid), contentSid }),
    ...dates(form)
  }
}

/** Templates live at Twilio: the body shows which one was meant, and with which variables. */
function renderContent(form: Form, contentSid: string) {
  const variables = text(form, 'ContentVariables') ?? '{}'
  try {
    JSON.parse(variables)
  } catch {
    throw badParameter('ContentVariables must be valid JSON')
  }
  return `${contentSid} ${variables}`
}

/**
 * Media is uploaded to another host, which is not simulated: any SID will do, and stands for an
 * empty file.
 */
function readMedia(form: Form): Media[] | undefined {
  const mediaSid = sid(form, 'MediaSid', 'ME')
  if (mediaSid === undefined) return undefined
  const contentType = 'application/octet-stream'
  return [{ sid: mediaSid, contentType, filename: null, size: 0 }]
}
