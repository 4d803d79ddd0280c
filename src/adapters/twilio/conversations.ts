import type { Twilio } from 'twilio'
import type { ParticipantInstance } from 'twilio/lib/rest/conversations/v1/conversation/participant.js'
import type {
  ConversationContext,
  ConversationInstance
} from 'twilio/lib/rest/conversations/v1/conversation.js'
import type {
  Conversation,
  ConversationRef,
  NewConversation,
  Participant
} from '../../engine/effect.ts'
import type { Conversations, ExecutionWebhook } from '../../runtime/ports.ts'
import { ask } from './client.ts'
import { call, isGone, toldApart } from './failures.ts'
import { markerIn } from './marker.ts'
import {
  isReply,
  type Message,
  messageForm,
  newestFirst,
  pageSize,
  receivedMessage,
  sentMessage
} from './messages.ts'
import { encoded } from './sdk-request.ts'
import type { WriteQueue } from './write-queue.ts'

export interface ConversationsOptions {
  readonly client: Twilio
  readonly writes: WriteQueue
  /** Where Twilio is to send `onMessageAdded` of an execution's Conversation. */
  readonly webhookUrl: (executionSid: string) => string
}

/**
 * Conversations (classic), through the official SDK: its resources, but for messages, of which each turn has
 * one, its client alone. Each call exists for the account's default service and for a named one.
 * https://www.twilio.com/docs/conversations-classic/api
 */
export function makeConversations(options: ConversationsOptions): Conversations {
  const { client, writes: queue, webhookUrl } = options
  const { v1 } = client.conversations

  // A template may render anything, and a unique name may hold anything; the SDK takes it for a path as it is.
  const at = ({ conversationSid, serviceSid }: ConversationRef): ConversationContext =>
    serviceSid === null
      ? v1.conversations(encoded(conversationSid))
      : (v1
          .services(encoded(serviceSid))
          .conversations(encoded(conversationSid)) as unknown as ConversationContext)

  const home = v1.absoluteUrl('')

  const messagesUrl = ({ conversationSid, serviceSid }: ConversationRef): string =>
    `${home}${serviceSid === null ? '' : `/Services/${encoded(serviceSid)}`}/Conversations/${encoded(conversationSid)}/Messages`

  /** A call that changes a Conversation, when it is its turn. */
  async function write<T>(
    { conversationSid }: ConversationRef,
    change: () => Promise<T>
  ): Promise<T> {
    const lane = queue.of(conversationSid)
    const turn = queue.enter(lane)
    try {
      if (turn) await turn
      return await change()
    } catch (error) {
      throw toldApart(error)
    } finally {
      queue.leave(lane)
    }
  }

  const executionWebhooks = async (ref: ConversationRef): Promise<ExecutionWebhook[]> =>
    (await at(ref).webhooks.list()).flatMap(({ sid, configuration }) => {
      const executionSid = executionIn(configuration?.url)
      if (executionSid === null) return []
      return [
        { webhookSid: sid, executionSid, current: configuration.url === webhookUrl(executionSid) }
      ]
    })

  return {
    fetch: ref => call(async () => conversationOf(await at(ref).fetch())),

    participants: ref =>
      call(async () => (await at(ref).participants.list({ pageSize })).map(participantOf)),

    create: (conversation, uniqueName) =>
      call(async () => {
        const { serviceSid } = conversation
        const options = creation(conversation, uniqueName)
        const made =
          serviceSid === null
            ? await v1.conversations.create(options)
            : await v1.services(encoded(serviceSid)).conversations.create(options)
        return conversationOf(made as ConversationInstance)
      }),

    addParticipant: ({ identity, address, proxyAddress, ...ref }) =>
      write(ref, async () =>
        participantOf(
          await at(ref).participants.create({
            ...(identity !== null && { identity }),
            ...(address !== null && { 'messagingBinding.address': address }),
            ...(proxyAddress !== null && { 'messagingBinding.proxyAddress': proxyAddress })
          })
        )
      ),

    delete: ref =>
      write(ref, async () => {
        await at(ref).remove().catch(unlessGone(false))
      }),

    addWebhook: (ref, executionSid) =>
      write(ref, async () => {
        const webhook = await at(ref).webhooks.create({
          target: 'webhook',
          'configuration.url': webhookUrl(executionSid),
          'configuration.method': 'post',
          'configuration.filters': ['onMessageAdded']
        })
        return { webhookSid: webhook.sid }
      }),

    findWebhooks: (ref, executionSid) =>
      call(async () =>
        (await executionWebhooks(ref).catch(unlessGone([])))
          .filter(webhook => webhook.executionSid === executionSid)
          .map(({ webhookSid, current }) => ({ webhookSid, current }))
      ),

    listWebhooks: ref => call(() => executionWebhooks(ref)),

    removeWebhook: (ref, webhookSid) =>
      write(ref, async () => {
        await at(ref).webhooks(webhookSid).remove().catch(unlessGone(false))
      }),

    send: (message, effectId) =>
      write(message, async () => {
        const uri = messagesUrl(message)
        const data = messageForm(message, effectId)
        return sentMessage(await ask<Message>(client, { method: 'post', uri, data }))
      }),

    findSent: (ref, effectId, since) =>
      call(async () => {
        for await (const message of newestFirst(client, messagesUrl(ref))) {
          if (markerIn(message.attributes) === effectId) return sentMessage(message)
          if (message.date_created && Date.parse(message.date_created) < since) return null
        }
        return null
      }),

    messagesAfter: (ref, index) =>
      call(async () => {
        const replies = []
        for await (const message of newestFirst(client, messagesUrl(ref))) {
          if (message.index <= index) break
          if (isReply(message)) replies.push(receivedMessage(message))
        }
        return replies.reverse()
      }),

    close: ref =>
      write(ref, async () => {
        await at(ref).update({ state: 'closed' }).catch(unlessGone(null))
      })
  }
}

/** The Conversation that a path of the API is about. */
export const conversationIn = (path: string): string | null => {
  const [, name] = /\/Conversations\/([^/]+)/.exec(path) ?? []
  return name === undefined ? null : decodeURIComponent(name)
}

/** Of `…/webhooks/executions/FN…`, which is what stays of our webhook's URL when PUBLIC_URL is another one tomorrow. */
function executionIn(url: unknown): string | null {
  if (typeof url !== 'string' || !URL.canParse(url)) return null
  return /\/webhooks\/executions\/(FN[0-9a-zA-Z]+)$/.exec(new URL(url).pathname)?.[1] ?? null
}

const unlessGone =
  <T>(value: T) =>
  (error: unknown): T => {
    if (isGone(error)) return value
    throw error
  }

const creation = (
  { messagingServiceSid, friendlyName, attributes, timers }: NewConversation,
  uniqueName: string
) => ({
  uniqueName,
  ...(messagingServiceSid !== null && { messagingServiceSid }),
  ...(friendlyName !== null && { friendlyName }),
  ...(attributes !== null && { attributes }),
  // Timers are taken only together with a state: https://www.twilio.com/docs/api/errors/50382
  ...((timers.inactive ?? timers.closed) !== null && { state: 'active' as const }),
  ...(timers.inactive !== null && { 'timers.inactive': timers.inactive }),
  ...(timers.closed !== null && { 'timers.closed': timers.closed })
})

const conversationOf = (conversation: ConversationInstance): Conversation => ({
  sid: conversation.sid,
  serviceSid: conversation.chatServiceSid,
  messagingServiceSid: conversation.messagingServiceSid,
  state: conversation.state,
  friendlyName: conversation.friendlyName,
  uniqueName: conversation.uniqueName,
  attributes: conversation.attributes,
  dateCreated: isoDate(conversation.dateCreated),
  dateUpdated: isoDate(conversation.dateUpdated)
})

/** A chat user has no binding, and a group member may lack either address. */
function participantOf(participant: ParticipantInstance): Participant {
  const binding = participant.messagingBinding as {
    address?: string
    proxy_address?: string
  } | null
  return {
    sid: participant.sid,
    identity: participant.identity,
    attributes: participant.attributes,
    roleSid: participant.roleSid,
    address: binding?.address ?? null,
    proxyAddress: binding?.proxy_address ?? null
  }
}

/** The SDK makes dates of all dates; Twilio wrote whole seconds. */
const isoDate = (date: Date | null | undefined): string | null =>
  date ? date.toISOString().replace(/\.\d{3}Z$/, 'Z') : null
