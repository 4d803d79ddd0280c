import { type Static, Type } from 'typebox'
import { channelOf, channelStatus, isHandedOff, whyMute } from '../engine/channel.ts'
import { read } from '../engine/context.ts'
import type { Answer, ConversationRef, NewInteraction } from '../engine/effect.ts'
import { isObject, type Json, type JsonObject } from '../engine/json.ts'
import type { Outcome, Visit, VisitAttachment } from '../engine/widget.ts'
import { defineWidget, go, NumberTemplate, Template } from './define.ts'

const Properties = Type.Object({
  workflow: Type.String(),
  channel: Type.String(),
  attributes: Type.Optional(Template),
  priority: Type.Optional(NumberTemplate),
  timeout: Type.Optional(NumberTemplate)
})
type FlexVisit = Visit<Static<typeof Properties>>

type Memory =
  | { readonly stage: 'interaction'; readonly ref: ConversationRef }
  | { readonly stage: 'webhook'; readonly ref: ConversationRef; readonly interaction: JsonObject }

const longestAttributes = 1024
const longestTimeoutSeconds = 1_209_600

/** https://www.twilio.com/docs/api/errors/81015 */
const taskNotCreated = 81015

/**
 * Hands the Conversation over to an agent in Flex: creates an interaction with its task, and then lets go.
 * Our webhook is removed at once, and the flow sends no more messages.
 * https://www.twilio.com/docs/studio/widget-library/send-flex
 */
export const sendToFlex = defineWidget({
  type: 'send-to-flex',
  properties: Properties,
  transitions: ['callComplete', 'failedToEnqueue', 'callFailure', 'composerStarted'],

  run(visit) {
    const interaction = newInteraction(visit)
    if ('fault' in interaction) return failed(visit, interaction.fault)
    const { conversationSid, serviceSid } = interaction
    return {
      type: 'request',
      effect: { type: 'create-interaction', ...interaction },
      memory: { stage: 'interaction', ref: { conversationSid, serviceSid } }
    }
  },

  resume(visit, event, memory) {
    const { answer } = event as { answer: Answer<'create-interaction'> }
    const known = memory as unknown as Memory
    if (known.stage === 'webhook') return handedOff(visit, known)
    if (!answer.ok) return failed(visit, `The task was not created: ${answer.failure.message}`)
    const after: Memory = { stage: 'webhook', ref: known.ref, interaction: answer.value }
    return {
      type: 'request',
      effect: { type: 'remove-webhook', ...known.ref },
      memory: after as unknown as Json,
      attachment: handedOver(known.ref)
    }
  }
})

function newInteraction(visit: FlexVisit): NewInteraction | { readonly fault: string } {
  const { workflow, channel, priority = 0, timeout = 3600 } = visit.properties
  const ref = channelOf(visit.context)
  if (!ref) return { fault: 'The execution has no Conversation to hand over' }
  if (isHandedOff(visit.context)) {
    return { fault: 'The Conversation was handed over to Flex before' }
  }
  const fault = whyMute(visit.context)
  if (fault !== null) return { fault }
  const rendered = visit.render(visit.properties.attributes ?? '').trim()
  const own = rendered === '' ? {} : objectIn(rendered)
  if (own === null)
    return { fault: `The attributes are not a JSON object: ${rendered.slice(0, 200)}` }
  if (rendered.length > longestAttributes) {
    return {
      fault: `The attributes are ${rendered.length} characters long; ${longestAttributes} are allowed`
    }
  }
  return {
    ...ref,
    channelType: channelType(visit),
    workflowSid: workflow,
    taskChannelSid: channel,
    attributes: { ...defaultAttributes(visit), ...own },
    priority: numberIn(visit, priority, 0),
    timeoutSeconds: Math.min(numberIn(visit, timeout, 3600), longestTimeoutSeconds)
  }
}

function defaultAttributes(visit: FlexVisit): JsonObject {
  const sender = read(visit.context, 'contact', 'channel', 'address') ?? ''
  return {
    channelType: channelType(visit),
    customerAddress: sender,
    from: sender,
    name: sender,
    customerName: sender
  }
}

/** How the customer writes, by the form of their address. */
function channelType(visit: FlexVisit): string {
  const address = String(read(visit.context, 'contact', 'channel', 'address') ?? '')
  const prefix = /^([a-z]+):/.exec(address)?.[1]
  return prefix ?? (address.startsWith('+') ? 'sms' : 'chat')
}

function numberIn(visit: FlexVisit, template: string | number, standard: number): number {
  const text = visit.render(String(template)).trim()
  return /^\d{1,15}$/.test(text) ? Number(text) : standard
}

function objectIn(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

/** The Conversation is the agent's from now on, so nothing of ours closes it when the execution ends. */
const handedOver = (ref: ConversationRef): VisitAttachment => ({
  ...ref,
  attached: true,
  close: false
})

function handedOff(
  visit: FlexVisit,
  { ref, interaction }: Extract<Memory, { stage: 'webhook' }>
): Outcome {
  return {
    ...go(visit, 'callComplete', interaction, [channelStatus('handed off')]),
    attachment: handedOver(ref)
  }
}

function failed(visit: FlexVisit, message: string): Outcome {
  visit.warn(taskNotCreated, message)
  return go(visit, 'failedToEnqueue')
}
