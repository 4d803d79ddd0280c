import type { Widgets } from '../engine/widget.ts'
import { resumeConversation } from './resume-conversation.ts'
import { sendAndWaitForReply } from './send-and-wait-for-reply.ts'
import { sendMessage } from './send-message.ts'
import { setVariables } from './set-variables.ts'
import { splitBasedOn } from './split-based-on.ts'
import { trigger } from './trigger.ts'
import { unsupportedWidgets } from './unsupported.ts'

/** Every widget type that a flow may contain: https://www.twilio.com/docs/studio/rest-api/v2/schemas */
export const widgets: Widgets = {
  ...unsupportedWidgets,
  'resume-conversation': resumeConversation,
  'send-and-wait-for-reply': sendAndWaitForReply,
  'send-message': sendMessage,
  'set-variables': setVariables,
  'split-based-on': splitBasedOn,
  trigger
}
