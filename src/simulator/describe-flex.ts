// How the Flex API shows what it has: every field always present, null when empty.
// https://www.twilio.com/docs/flex/developer/conversations/interactions-api

import type { Account } from './account.ts'
import { date } from './describe.ts'
import type { Interaction } from './model.ts'

export function describeInteraction(account: Account, base: string, interaction: Interaction) {
  const url = `${base}/Interactions/${interaction.sid}`
  return {
    sid: interaction.sid,
    channel: { type: interaction.channelType, sid: interaction.channelSid },
    routing: { reservation: null, properties: describeTask(account, interaction) },
    interaction_context_sid: interaction.contextSid,
    webhook_ttid: interaction.webhookTtid,
    url,
    links: { channels: `${url}/Channels` }
  }
}

/** Attributes are text here, and times are seconds, as TaskRouter writes both. */
function describeTask({ sid: accountSid, defaults }: Account, { task, dateCreated }: Interaction) {
  const created = Math.floor(dateCreated / 1000)
  return {
    sid: task.sid,
    account_sid: accountSid,
    workspace_sid: defaults.workspaceSid,
    workflow_sid: task.workflowSid,
    task_channel_unique_name: task.channel,
    attributes: JSON.stringify(task.attributes),
    assignment_status: 'pending',
    priority: task.priority,
    timeout: task.timeout,
    age: 0,
    reason: '',
    date_created: created,
    date_updated: created
  }
}

const nothing = [
  'taskrouter_target_workflow_sid',
  'taskrouter_target_taskqueue_sid',
  'taskrouter_taskqueues',
  'taskrouter_skills',
  'taskrouter_worker_channels',
  'taskrouter_worker_attributes',
  'taskrouter_offline_activity_sid',
  'runtime_domain',
  'flex_service_instance_sid',
  'flex_instance_sid',
  'ui_language',
  'ui_attributes',
  'ui_dependencies',
  'ui_version',
  'service_version',
  'call_recording_enabled',
  'call_recording_webhook_url',
  'crm_enabled',
  'crm_type',
  'crm_callback_url',
  'crm_fallback_url',
  'crm_attributes',
  'public_attributes',
  'plugin_service_enabled',
  'plugin_service_attributes',
  'integrations',
  'outbound_call_flows',
  'serverless_service_sids',
  'queue_stats_configuration',
  'notifications',
  'markdown',
  'flex_insights_hr',
  'flex_insights_drilldown',
  'flex_url',
  'channel_configs',
  'debugger_integration',
  'flex_ui_status_report',
  'agent_conv_end_methods',
  'citrix_voice_vdi',
  'offline_config'
]

/** Of all that a Flex instance can be configured with, only what routing needs is there. */
export const describeConfiguration = (account: Account, base: string) => ({
  ...Object.fromEntries(nothing.map(name => [name, null])),
  account_sid: account.sid,
  date_created: date(account.defaultService.dateCreated),
  date_updated: date(account.defaultService.dateCreated),
  attributes: {},
  status: 'ok',
  taskrouter_workspace_sid: account.defaults.workspaceSid,
  messaging_service_instance_sid: account.defaults.messagingServiceSid,
  chat_service_instance_sid: account.defaultService.sid,
  url: `${base}/Configuration`
})
