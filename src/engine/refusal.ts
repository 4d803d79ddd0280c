import { channelOf } from './channel.ts'
import type { Event, MessageReceived } from './event.ts'
import type { Execution } from './execution.ts'

/** A caller asked an execution for what it cannot do now. Nothing has changed. HTTP answers 409. */
export class EventRefused extends Error {
  override readonly name = 'EventRefused'
}

/** Why the execution does not take this event where it stands, or null where it does. */
export function refusal(execution: Execution, event: Event): string | null {
  if (execution.status === 'ended') return 'The execution has ended'
  const { pause } = execution
  switch (event.type) {
    case 'cancelled':
      return null
    case 'triggered':
      return execution.stepCount === 0 && pause === null ? null : 'It has been triggered already'
    case 'step-requested':
      return pause?.type === 'step' ? null : `It takes no step now: it ${doing(execution)}`
    case 'timed-out':
      return pause?.type === 'reply' && pause.token === event.token
        ? null
        : 'The timer belongs to an earlier wait'
    case 'conversation-lost':
      return pause?.type === 'reply' && pause.token === event.token
        ? null
        : 'The wait that it ends is over'
    case 'effect-settled':
      return pause?.type === 'effect' && pause.effect.id === event.effectId
        ? null
        : 'Nobody waits for this effect'
    case 'message-received':
      return messageRefusal(execution, event)
    default:
      return event satisfies never
  }
}

function messageRefusal(execution: Execution, message: MessageReceived): string | null {
  const { pause } = execution
  const ignored = `Message ${message.id} (index ${message.index}) was ignored: `
  if (message.sentBy?.startsWith(`${execution.sid}:`)) return `${ignored}this execution sent it`
  if (pause?.type !== 'reply') return `${ignored}the execution ${doing(execution)}`
  const channel = channelOf(execution.context)?.conversationSid
  if (channel !== message.conversationSid) {
    return `${ignored}it is from ${message.conversationSid}, the execution talks in ${channel}`
  }
  return message.index > pause.afterIndex
    ? null
    : `${ignored}it was there before the question (index ${pause.afterIndex})`
}

/** What an execution is doing, to follow the word "it" in a sentence for people. */
export function doing(execution: Execution): string {
  const widget = execution.frames.at(-1)?.widget
  if (execution.status === 'ended') return 'has ended'
  switch (execution.pause?.type) {
    case 'reply':
      return `is waiting for a reply in ${widget}`
    case 'step':
      return 'is waiting for its caller to request a step'
    default:
      return widget ? `is busy in ${widget}` : 'has not started yet'
  }
}
