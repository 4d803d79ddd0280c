import type { FastifyInstance } from 'fastify'
import { findAnywhere } from '../conversations.ts'
import { describeConfiguration, describeInteraction } from '../describe-flex.ts'
import { type Form, sid, text } from '../form.ts'
import { createInteraction, type InteractionInput } from '../interactions.ts'
import { badParameter } from '../refusal.ts'
import { baseOf, formOf, type RouteOptions } from './request.ts'

/** https://www.twilio.com/docs/flex/developer/conversations/interactions-api/interactions */
export async function flexRoutes(app: FastifyInstance, { account }: RouteOptions) {
  app.post('/Interactions', request => {
    const form = formOf(request)
    const channel = jsonField(form, 'Channel')
    const conversationSid = propertiesOf(channel).media_channel_sid
    if (typeof conversationSid !== 'string') {
      throw badParameter(
        'Channel.properties.media_channel_sid is missing: only a conversation that exists can be handed over here'
      )
    }
    const conversation = findAnywhere(account, conversationSid)
    const interaction = createInteraction(account, conversation, readInput(form, channel))
    return describeInteraction(account, baseOf(request), interaction)
  })

  app.get('/Configuration', request => describeConfiguration(account, baseOf(request)))
}

type Data = Readonly<Record<string, unknown>>

function readInput(form: Form, channel: Data): InteractionInput {
  const task = propertiesOf(jsonField(form, 'Routing'))
  return {
    channelType: textOf(channel.type),
    workspaceSid: textOf(task.workspace_sid),
    workflowSid: textOf(task.workflow_sid),
    taskChannel: textOf(task.task_channel_unique_name),
    attributes: attributesOf(task.attributes),
    priority: numberOf(task.priority),
    timeout: numberOf(task.timeout),
    contextSid: sid(form, 'InteractionContextSid', 'HQ'),
    webhookTtid: text(form, 'WebhookTtid')
  }
}

/** Objects travel as JSON in the fields of a form. */
function jsonField(form: Form, name: string): Data {
  const value = parse(text(form, name) ?? '')
  if (!isData(value)) throw badParameter(`${name} must be a JSON object`)
  return value
}

const propertiesOf = ({ properties }: Data): Data => (isData(properties) ? properties : {})

/** As an object, or as the text that TaskRouter keeps. */
function attributesOf(value: unknown = {}): Data {
  const attributes = typeof value === 'string' ? parse(value) : value
  if (!isData(attributes)) {
    throw badParameter('Routing.properties.attributes must be a JSON object')
  }
  return attributes
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

function numberOf(value: unknown) {
  if (value === undefined || Number.isInteger(value)) return value as number | undefined
  throw badParameter('priority and timeout must be whole numbers')
}
