import { Type } from 'typebox'
import { defineWidget, go } from './define.ts'

/**
 * Leaves by the event that started the execution, or by `incomingParent` inside a subflow. An event that
 * is not wired ends the execution at once. https://www.twilio.com/docs/studio/widget-library/trigger-start
 */
export const trigger = defineWidget({
  type: 'trigger',
  properties: Type.Object({}),
  transitions: [
    'incomingMessage',
    'incomingCall',
    'incomingConversationMessage',
    'incomingRequest',
    'incomingParent'
  ],
  run: visit =>
    go(visit, visit.execution.depth > 1 ? 'incomingParent' : visit.execution.triggeredBy)
})
