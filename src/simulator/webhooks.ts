// https://www.twilio.com/docs/conversations-classic/api/conversation-scoped-webhook-resource

import type { Account } from './account.ts'
import { amend } from './amend.ts'
import { eventNames, replay } from './events.ts'
import { requireOpen } from './life.ts'
import type { Conversation, Webhook } from './model.ts'
import { badParameter, refuse } from './refusal.ts'

export type WebhookInput = {
  readonly target?: string | undefined
  readonly url?: string | undefined
  readonly method?: string | undefined
  readonly filters?: readonly string[] | undefined
  readonly triggers?: readonly string[] | undefined
  readonly flowSid?: string | undefined
  readonly replayAfter?: number | undefined
}

const limits = { webhooks: 5, triggers: 5, trigger: 248, url: 512 }

export function addWebhook(
  account: Account,
  conversation: Conversation,
  input: WebhookInput
): Webhook {
  requireOpen(conversation)
  const { target } = input
  if (!target) throw refuse(50368, 'Target is missing')
  if (!isTarget(target)) throw refuse(50364, 'Target must be webhook, trigger or studio')
  if (target === 'studio') checkFlowSid(input.flowSid)
  if (target !== 'studio' && !input.url) throw refuse(50369, 'Configuration.Url is missing')
  const changes = checkChanges(target, input)
  if (target === 'webhook' && !changes.filters?.length) {
    throw refuse(50370, 'Configuration.Filters is missing')
  }
  if (target === 'trigger' && !changes.filters?.length) {
    throw refuse(50371, 'Configuration.Triggers is missing')
  }
  if (conversation.webhooks.size >= limits.webhooks) {
    throw refuse(50361, `A conversation has at most ${limits.webhooks} webhooks`)
  }
  const now = account.now()
  const dates = { dateCreated: now, dateUpdated: now }
  const blank = { url: null, method: 'post', filters: [], flowSid: null } as const
  const webhook: Webhook = { sid: account.newSid('WH'), target, ...blank, ...dates }
  amend(webhook, changes)
  conversation.webhooks.set(webhook.sid, webhook)
  replayMessages(account, conversation, webhook, input.replayAfter)
  return webhook
}

export function findWebhook(conversation: Conversation, sid: string): Webhook {
  const webhook = conversation.webhooks.get(sid)
  if (webhook) return webhook
  if (!/^WH[0-9a-fA-F]{32}$/.test(sid)) throw refuse(50363, `'${sid}' is not a webhook SID`)
  throw refuse(50360, `Webhook ${sid} not found`)
}

export function updateWebhook(
  account: Account,
  conversation: Conversation,
  webhook: Webhook,
  input: WebhookInput
) {
  requireOpen(conversation)
  if (input.replayAfter !== undefined) {
    throw badParameter('Configuration.ReplayAfter is only accepted when a webhook is created')
  }
  amend(webhook, checkChanges(webhook.target, input))
  webhook.dateUpdated = account.now()
}

/** The messages from that index on, itself included, in order and ahead of anything said later. */
function replayMessages(
  account: Account,
  conversation: Conversation,
  webhook: Webhook,
  from: number | undefined
) {
  if (from === undefined) return
  for (const message of conversation.messages) {
    if (message.index >= from) replay(account, conversation, webhook, message)
  }
}

const isTarget = (text: string): text is Webhook['target'] =>
  ['webhook', 'trigger', 'studio'].includes(text)

/** The checks that creating and updating share; what was not given stays undefined. */
function checkChanges(target: Webhook['target'], input: WebhookInput) {
  checkUrl(input.url)
  if (input.flowSid !== undefined) checkFlowSid(input.flowSid)
  return {
    url: input.url,
    method: checkMethod(input.method),
    filters: target === 'trigger' ? checkTriggers(input.triggers) : checkFilters(input.filters),
    flowSid: input.flowSid
  }
}

function checkUrl(url: string | undefined) {
  if (url === undefined) return
  if (url === '') throw refuse(50369, 'Configuration.Url is missing')
  if (url.length > limits.url) {
    throw refuse(50372, `Configuration.Url is longer than ${limits.url} characters`)
  }
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw badParameter('Configuration.Url must be an absolute http or https URL')
  }
}

/** Lower case since 2025; older samples still send upper case, and both are taken. */
function checkMethod(text: string | undefined): Webhook['method'] | undefined {
  if (text === undefined) return undefined
  const method = text.toLowerCase()
  if (method === 'get' || method === 'post') return method
  throw refuse(50055, 'Configuration.Method must be get or post')
}

function checkFilters(filters: readonly string[] | undefined) {
  const known: readonly string[] = eventNames
  const unknown = filters?.find(filter => !known.includes(filter))
  if (unknown !== undefined) throw refuse(50365, `Configuration.Filters: unknown '${unknown}'`)
  return filters
}

function checkTriggers(triggers: readonly string[] | undefined) {
  if (triggers && triggers.length > limits.triggers) {
    throw refuse(50362, `Configuration.Triggers has more than ${limits.triggers} entries`)
  }
  if (triggers?.some(({ length }) => length === 0 || length > limits.trigger)) {
    throw refuse(50366, `Configuration.Triggers must have 1 to ${limits.trigger} characters each`)
  }
  return triggers
}

function checkFlowSid(flowSid: string | undefined) {
  if (flowSid !== undefined && /^FW[0-9a-fA-F]{32}$/.test(flowSid)) return
  throw refuse(50367, 'Configuration.FlowSid is not a flow SID')
}
