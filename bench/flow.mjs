// An endless talk: attaches to a Conversation, then asks by turns in two widgets.
import { business, serviceSid } from './account.mjs'

const widget = (name, type, properties, transitions) => ({
  name,
  type,
  properties,
  transitions: Object.entries(transitions).map(([event, next]) => ({
    event,
    ...(next && { next })
  }))
})

const ask = (name, other) =>
  widget(
    name,
    'send-and-wait-for-reply',
    {
      from: 'Bot',
      body: `{{flow.data.name}}, you said "{{widgets.${other}.inbound.Body}}". How was your visit?`,
      timeout: '86400'
    },
    { incomingMessage: other, timeout: null, deliveryFailure: null }
  )

export const definition = JSON.stringify({
  description: 'Endless talk',
  initial_state: 'Trigger',
  flags: { allow_concurrent_calls: true },
  states: [
    widget('Trigger', 'trigger', {}, { incomingRequest: 'resume' }),
    widget(
      'resume',
      'resume-conversation',
      {
        conversation_sid: '{{flow.data.conversation_sid}}',
        conversation_service_sid: serviceSid
      },
      { resumed: 'ask_first', failed: null }
    ),
    ask('ask_first', 'ask_again'),
    ask('ask_again', 'ask_first')
  ]
})

/** The form that starts an execution for this customer. */
export const triggerFor = ({ address, conversationSid }) =>
  new URLSearchParams({
    To: address,
    From: business,
    Parameters: JSON.stringify({
      conversation_sid: conversationSid,
      name: 'Ada Lovelace',
      visit: 'Monday, 9:30'
    })
  }).toString()
