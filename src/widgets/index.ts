import type { Widgets } from '../engine/widget.ts'
import { makeHttpRequest } from './make-http-request.ts'
import { resumeConversation } from './resume-conversation.ts'
import { runFunction } from './run-function.ts'
import { runSubflow } from './run-subflow.ts'
import { sendAndWaitForReply } from './send-and-wait-for-reply.ts'
import { sendMessage } from './send-message.ts'
import { sendToFlex } from './send-to-flex.ts'
import { setVariables } from './set-variables.ts'
import { splitBasedOn } from './split-based-on.ts'
import { startConversation } from './start-conversation.ts'
import { trigger } from './trigger.ts'
import { unsupportedWidgets } from './unsupported.ts'

/** Every widget type that a flow may contain: https://www.twilio.com/docs/studio/rest-api/v2/schemas */
export const widgets: Widgets = {
  ...unsupportedWidgets,
  'make-http-request': makeHttpRequest,
  'resume-conversation': resumeConversation,
  'run-function': runFunction,
  'run-subflow': runSubflow,
  'send-and-wait-for-reply': sendAndWaitForReply,
  'send-message': sendMessage,
  'send-to-flex': sendToFlex,
  'set-variables': setVariables,
  'split-based-on': splitBasedOn,
  'start-conversation': startConversation,
  trigger
}
