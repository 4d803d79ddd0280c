import type { Twilio } from 'twilio'
import type { JsonObject } from '../../engine/json.ts'
import type { Agents } from '../../runtime/ports.ts'
import { call } from './failures.ts'

/**
 * Flex, through the Interactions API: an interaction binds the Conversation to a task that TaskRouter brings
 * to an agent. https://www.twilio.com/docs/flex/developer/conversations/interactions-api
 */
export function makeAgents(client: Twilio): Agents {
  const { v1 } = client.flexApi
  let workspace: Promise<string> | null = null

  /** Studio's widget names no workspace: it is the account's one for Flex. */
  async function workspaceSid(): Promise<string> {
    workspace ??= v1
      .configuration()
      .fetch()
      .then(({ taskrouterWorkspaceSid }) => taskrouterWorkspaceSid)
    try {
      return await workspace
    } catch (error) {
      workspace = null
      throw error
    }
  }

  return {
    handOver: interaction =>
      call(async () => {
        const { sid, channel, routing, url } = await v1.interaction.create({
          channel: {
            type: interaction.channelType,
            initiated_by: 'api',
            properties: { media_channel_sid: interaction.conversationSid }
          },
          routing: {
            properties: {
              workspace_sid: await workspaceSid(),
              workflow_sid: interaction.workflowSid,
              task_channel_unique_name: interaction.taskChannelSid,
              attributes: interaction.attributes,
              priority: interaction.priority,
              timeout: interaction.timeoutSeconds
            }
          }
        })
        return { sid, channel, routing, url } as unknown as JsonObject
      })
  }
}
