import { Type } from 'typebox'
import type { Widget } from '../engine/widget.ts'
import { defineWidget, fail, go } from './define.ts'

interface Unsupported {
  /** Null where no public source lists the events; then any event passes the check. */
  readonly transitions: readonly string[] | null
  /** The transition to leave by; without one the execution ends as failed. */
  readonly failure?: string
}

/** Widgets that flows may contain and that do not run here. */
const types: Readonly<Record<string, Unsupported>> = {
  'add-twiml-redirect': { transitions: ['return', 'timeout', 'fail'], failure: 'fail' },
  'capture-payments': {
    transitions: [
      'success',
      'maxFailedAttempts',
      'providerError',
      'payInterrupted',
      'hangup',
      'validationError'
    ],
    failure: 'providerError'
  },
  'connect-call-to': { transitions: ['callCompleted', 'hangup'] },
  'connect-virtual-agent': { transitions: ['return', 'hangup'] },
  'connect-virtual-agent-v2': {
    transitions: ['completed', 'live-agent-handoff', 'hangup', 'failed', 'paused', 'timeout'],
    failure: 'failed'
  },
  'enqueue-call': {
    transitions: ['callComplete', 'failedToEnqueue', 'callFailure'],
    failure: 'failedToEnqueue'
  },
  'fork-stream': { transitions: ['next'] },
  'gather-input-on-call': { transitions: ['keypress', 'speech', 'timeout'] },
  'make-outgoing-call-v1': {
    transitions: ['answered', 'busy', 'noAnswer', 'failed', 'answeredByMachine', 'hangup'],
    failure: 'failed'
  },
  'make-outgoing-call-v2': {
    transitions: ['answered', 'busy', 'noAnswer', 'failed'],
    failure: 'failed'
  },
  'record-call': { transitions: ['success', 'failed'], failure: 'failed' },
  'record-voicemail': { transitions: ['recordingComplete', 'noAudio', 'hangup'] },
  'run-conversation-relay': { transitions: ['success', 'failed'], failure: 'failed' },
  'say-play': { transitions: ['audioComplete'] },
  'send-to-auto-pilot': {
    transitions: ['sessionEnded', 'failure', 'timeout'],
    failure: 'failure'
  },
  'add-member-to-chat-channel': { transitions: null },
  'create-chat-channel': { transitions: null },
  'create-task': { transitions: null },
  'run-function-v2': { transitions: null },
  understand: { transitions: null },
  'update-sync-object': { transitions: null }
}

/** Each imports and validates; running it fails the step and says why. */
export const unsupportedWidgets: Readonly<Record<string, Widget>> = Object.fromEntries(
  Object.entries(types).map(([type, entry]) => [type, unsupported(type, entry)])
)

function unsupported(type: string, { transitions, failure }: Unsupported): Widget {
  const message = `Reprise does not run ${type} widgets on a Conversation`
  const widget = defineWidget({
    type,
    properties: Type.Object({}),
    transitions: transitions ?? [],
    run(visit) {
      // https://www.twilio.com/docs/api/errors/81020
      if (failure === undefined) return fail(81020, message)
      visit.warn(81020, message)
      return go(visit, failure)
    }
  })
  return { ...widget, transitions }
}
