// Events as golden conversations write them: only what a case is about, the rest is filled in here.
import { channelOf } from '../../src/engine/channel.ts'
import type { Cancelled, Event, StepRequested } from '../../src/engine/event.ts'
import type { Execution } from '../../src/engine/execution.ts'

interface Scripted {
  /** Seconds since what happened before it; 10 unless told. */
  readonly after?: number
}

/** A customer's message, into the Conversation that the execution talks in unless told. */
interface ScriptedMessage extends Scripted {
  readonly type: 'message-received'
  readonly index: number
  readonly body: string
  readonly conversation?: string
  readonly sentBy?: string
}

/** The timer of the current wait, when it is due, unless told. */
interface ScriptedTimeout extends Scripted {
  readonly type: 'timed-out'
  readonly token?: string
}

type ScriptedCancel = Scripted & Pick<Cancelled, 'type' | 'reason'>
type ScriptedStep = Scripted & Pick<StepRequested, 'type' | 'widget'> & { handOver?: boolean }
type ScriptedTrigger = Scripted & { readonly type: 'triggered' }
/** An answer that comes once more, or too late. */
type ScriptedSettled = Scripted & { readonly type: 'effect-settled'; readonly effectId: string }

export type ScriptedEvent =
  | ScriptedMessage
  | ScriptedTimeout
  | ScriptedCancel
  | ScriptedStep
  | ScriptedTrigger
  | ScriptedSettled

export const conversationSid = 'CH000000000000000000000000000000a1'
/** The one that Start Conversation makes. */
export const newConversationSid = 'CH000000000000000000000000000000c1'
export const serviceSid = 'IS000000000000000000000000000000a1'

export const sid = (prefix: string, number: number): string =>
  prefix + number.toString(16).padStart(32, '0')

export function toEvent(scripted: ScriptedEvent, execution: Execution, now: number): Event {
  const at = momentOf(scripted, execution, now)
  const id = `${scripted.type}-${Math.round((at - execution.createdAt) / 1000)}`
  switch (scripted.type) {
    case 'message-received':
      return message(scripted, execution, at)
    case 'timed-out': {
      const { pause } = execution
      const token = scripted.token ?? (pause?.type === 'reply' ? pause.token : 'none')
      return { type: 'timed-out', id, at, token }
    }
    case 'step-requested':
      return {
        type: 'step-requested',
        id,
        at,
        widget: scripted.widget,
        handOver: scripted.handOver ?? false
      }
    case 'cancelled':
      return { type: 'cancelled', id, at, reason: scripted.reason }
    case 'triggered':
      return { type: 'triggered', id, at, parameters: {} }
    case 'effect-settled':
      return {
        type: 'effect-settled',
        id,
        at,
        effectId: scripted.effectId,
        answer: { ok: true, value: null }
      }
  }
}

function momentOf({ type, after }: ScriptedEvent, { pause }: Execution, now: number): number {
  if (after !== undefined) return now + after * 1000
  return type === 'timed-out' && pause?.type === 'reply' ? pause.until : now + 10_000
}

const talksIn = ({ context }: Execution): string =>
  channelOf(context)?.conversationSid ?? conversationSid

function message(scripted: ScriptedMessage, execution: Execution, at: number): Event {
  const { index, body, conversation = talksIn(execution), sentBy } = scripted
  return {
    type: 'message-received',
    id: sid('IM', index),
    at,
    conversationSid: conversation,
    index,
    sentBy: sentBy ?? null,
    payload: {
      EventType: 'onMessageAdded',
      AccountSid: execution.accountSid,
      ConversationSid: conversation,
      MessageSid: sid('IM', index),
      Index: String(index),
      DateCreated: new Date(at - 400).toISOString(),
      Author: execution.to,
      Body: body,
      Source: 'SMS',
      Attributes: '{}'
    }
  }
}
