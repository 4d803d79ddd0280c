import type { FastifyInstance } from 'fastify'
import { describeParticipant } from '../describe.ts'
import { dates, type Form, requireSomething, sid, text, wholeNumber } from '../form.ts'
import { cut, readWindow, usualLimits } from '../paging.ts'
import {
  addParticipant,
  findParticipant,
  type ParticipantInput,
  removeParticipant,
  updateParticipant
} from '../participants.ts'
import { actorOf, formOf, locate, metaOf, queryOf, type RouteOptions, sidOf } from './request.ts'

const collection = '/Conversations/:conversation/Participants'
const item = `${collection}/:sid`

/** https://www.twilio.com/docs/conversations-classic/api/conversation-participant-resource */
export async function participantRoutes(app: FastifyInstance, { account }: RouteOptions) {
  app.post(collection, (request, reply) => {
    const { place, conversation } = locate(account, request)
    const input = readInput(formOf(request))
    const participant = addParticipant(account, conversation, input, actorOf(request))
    return reply.code(201).send(describeParticipant(place, conversation, participant))
  })

  app.get(collection, request => {
    const { place, conversation } = locate(account, request)
    const window = readWindow(queryOf(request), usualLimits)
    const all = [...conversation.participants.values()]
    return {
      meta: metaOf(request, window, 'participants', all.length),
      participants: cut(all, window).map(each => describeParticipant(place, conversation, each))
    }
  })

  app.get(item, request => {
    const { place, conversation } = locate(account, request)
    return describeParticipant(place, conversation, findParticipant(conversation, sidOf(request)))
  })

  app.post(item, request => {
    const { place, conversation } = locate(account, request)
    const participant = findParticipant(conversation, sidOf(request))
    const form = formOf(request)
    requireSomething(form)
    const { address, ...changes } = readInput(form)
    updateParticipant(account, conversation, participant, changes, actorOf(request))
    return describeParticipant(place, conversation, participant)
  })

  app.delete(item, (request, reply) => {
    const { conversation } = locate(account, request)
    const participant = findParticipant(conversation, sidOf(request))
    removeParticipant(account, conversation, participant, actorOf(request))
    return reply.code(204).send()
  })
}

const readInput = (form: Form): ParticipantInput => ({
  identity: text(form, 'Identity', 256),
  address: text(form, 'MessagingBinding.Address', 256),
  proxyAddress: text(form, 'MessagingBinding.ProxyAddress', 256),
  projectedAddress: text(form, 'MessagingBinding.ProjectedAddress', 256),
  attributes: text(form, 'Attributes'),
  roleSid: sid(form, 'RoleSid', 'RL'),
  lastReadMessageIndex: wholeNumber(form, 'LastReadMessageIndex'),
  lastReadTimestamp: text(form, 'LastReadTimestamp'),
  ...dates(form)
})
