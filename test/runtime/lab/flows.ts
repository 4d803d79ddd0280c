// The flows that the lab's stories are told with.

import { flowOf } from '../../support/build-service.ts'

type Widget = Parameters<typeof flowOf>[number]

export const resume = (next: string, close = true): Widget => [
  'resume',
  'resume-conversation',
  {
    conversation_sid: '{{flow.data.conversation_sid}}',
    close_conversation_on_execution_end: close
  },
  { resumed: next, failed: null }
]

export const open = (next: string): Widget => [
  'open',
  'start-conversation',
  {
    participants: [
      {
        type: 'messaging',
        messaging_binding_address: '{{trigger.request.to}}',
        messaging_binding_proxy_address: '{{trigger.request.from}}'
      }
    ],
    close_conversation_on_execution_end: true
  },
  { created: next, failed: null }
]

export const ask = (
  name: string,
  next: string | null,
  { timeout = '3000', onTimeout = null as string | null, body = `${name}?` } = {}
): Widget => [
  name,
  'send-and-wait-for-reply',
  { body, timeout },
  { incomingMessage: next, timeout: onTimeout, deliveryFailure: null }
]

export const say = (name: string, next: string | null, body = `${name}.`): Widget => [
  name,
  'send-message',
  { body },
  { sent: next, failed: null }
]

export const callShop = (name: string, next: string, onFailure = next): Widget => [
  name,
  'make-http-request',
  { method: 'POST', url: 'https://shop.example/orders', body: name },
  { success: next, failed: onFailure }
]

export const callFunction = (name: string, next: string): Widget => [
  name,
  'run-function',
  { url: 'https://shop.example/function', parameters: [] },
  { success: next, fail: next }
]

export const subflow = (name: string, flowSid: string, next: string): Widget => [
  name,
  'run-subflow',
  { flow_sid: flowSid, flow_revision: 'LatestPublished', parameters: [] },
  { completed: next, failed: null }
]

export const toFlex = (name: string, next: string | null, onFailure: string | null): Widget => [
  name,
  'send-to-flex',
  { workflow: `WW${'1'.repeat(32)}`, channel: `TC${'2'.repeat(32)}` },
  { callComplete: next, failedToEnqueue: onFailure, callFailure: onFailure }
]

/** A flow for others to call. */
export function innerFlowOf(...widgets: Widget[]) {
  const { states, ...flow } = flowOf(...widgets)
  const [trigger, ...others] = states
  const transitions = [{ event: 'incomingParent', next: widgets[0]?.[0] ?? null }]
  return { ...flow, states: [{ ...trigger, transitions }, ...others] }
}

export { flowOf }
