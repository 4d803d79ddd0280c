// https://www.twilio.com/docs/flex/developer/conversations/interactions-api

import type { Account } from './account.ts'
import { requireOpen } from './life.ts'
import type { Conversation, Interaction } from './model.ts'
import { badParameter } from './refusal.ts'

export type InteractionInput = {
  readonly channelType: string | undefined
  readonly workspaceSid: string | undefined
  readonly workflowSid: string | undefined
  readonly taskChannel: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  readonly priority: number | undefined
  readonly timeout: number | undefined
  readonly contextSid: string | undefined
  readonly webhookTtid: string | undefined
}

const channelTypes = ['voice', 'sms', 'email', 'web', 'whatsapp', 'chat', 'messenger', 'gbm']

const dayInSeconds = 24 * 60 * 60

/** Binds a conversation to a task. No agents are simulated, so the task stays pending for ever. */
export function createInteraction(
  account: Account,
  conversation: Conversation,
  input: InteractionInput
): Interaction {
  requireOpen(conversation)
  const { channelType = '', workflowSid = '', workspaceSid } = input
  if (!channelTypes.includes(channelType)) {
    throw badParameter(`Channel.type must be one of ${channelTypes.join(', ')}`)
  }
  if (workspaceSid !== account.defaults.workspaceSid) {
    throw badParameter('Routing.properties.workspace_sid is not the workspace of this account')
  }
  if (!/^WW[0-9a-fA-F]{32}$/.test(workflowSid)) {
    throw badParameter('Routing.properties.workflow_sid is not the SID of a workflow')
  }
  const sid = account.newSid('KD')
  const channelSid = account.newSid('UO')
  const interaction: Interaction = {
    sid,
    channelSid,
    channelType,
    contextSid: input.contextSid ?? null,
    webhookTtid: input.webhookTtid ?? null,
    task: {
      sid: account.newSid('WT'),
      workflowSid,
      channel: input.taskChannel ?? channelType,
      attributes: {
        ...input.attributes,
        conversationSid: conversation.sid,
        flexInteractionSid: sid,
        flexInteractionChannelSid: channelSid
      },
      priority: input.priority ?? 0,
      timeout: input.timeout ?? dayInSeconds
    },
    dateCreated: account.now()
  }
  conversation.interactions.push(interaction)
  return interaction
}
