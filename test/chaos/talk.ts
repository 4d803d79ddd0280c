// What is said: a flow whose every question repeats the answer before it, and what a Conversation must look
// like in the end.
import { flowOf } from '../support/build-service.ts'

/** One conversation, as it is played. */
export interface Talk {
  readonly number: number
  readonly conversationSid: string
  readonly customer: string
  /** What the customer answers to each question; no text is said anywhere else. */
  readonly replies: readonly string[]
  executionSid: string | null
  /** How many answers have been given. */
  said: number
  /** Since when the service is to move: the trigger, or the last answer. Null while the customer is to. */
  movingSince: number | null
  /** The process that was handed the last call about it. */
  handedTo: string | null
  /** When something was killed that had it in its hands. */
  hitAt: number | null
  over: boolean
  /** What was seen to go wrong while it happened. */
  readonly misdeeds: string[]
}

export const business = '+15550002222'

export function makeTalk(
  number: number,
  conversationSid: string,
  customer: string,
  turns: number
): Talk {
  const replies = Array.from({ length: turns }, (_, at) => `reply-${number}-${at + 1}.`)
  return {
    number,
    conversationSid,
    customer,
    replies,
    executionSid: null,
    said: 0,
    movingSince: Date.now(),
    handedTo: null,
    hitAt: null,
    over: false,
    misdeeds: []
  }
}

const question = (at: number, before: string): string => `Question ${at} after "${before}"`
const goodbye = (before: string): string => `Goodbye after "${before}"`
const beginning = 'nothing'

/** The number of the question that this text asks; one more than the last for the goodbye; 0 for others. */
export function placeOf(body: string | null, turns: number): number {
  if (body?.startsWith('Goodbye after ')) return turns + 1
  return Number(/^Question (\d+) after /.exec(body ?? '')?.[1] ?? 0)
}

/** All that is said, in order. */
export const scriptOf = ({ replies }: Talk): string[] => [
  ...replies.flatMap((reply, at) => [question(at + 1, replies[at - 1] ?? beginning), reply]),
  goodbye(replies.at(-1) ?? beginning)
]

/** Resumes the Conversation, asks so often, says goodbye, and closes. A wait that runs out says so. */
export function questionnaire(turns: number, waitSeconds: number) {
  const answerTo = (at: number) => (at === 0 ? beginning : `{{widgets.ask_${at}.inbound.Body}}`)
  const asks = Array.from({ length: turns }, (_, at): Parameters<typeof flowOf>[0] => [
    `ask_${at + 1}`,
    'send-and-wait-for-reply',
    { body: question(at + 1, answerTo(at)), timeout: String(waitSeconds) },
    {
      incomingMessage: at + 1 < turns ? `ask_${at + 2}` : 'goodbye',
      timeout: 'timed_out',
      deliveryFailure: 'not_delivered'
    }
  ])
  return flowOf(
    [
      'resume',
      'resume-conversation',
      {
        conversation_sid: '{{flow.data.conversation_sid}}',
        close_conversation_on_execution_end: true
      },
      { resumed: 'ask_1', failed: null }
    ],
    ...asks,
    ['goodbye', 'send-message', { body: goodbye(answerTo(turns)) }, { sent: null, failed: null }],
    ['timed_out', 'send-message', { body: 'Nobody answered.' }, { sent: null, failed: null }],
    ['not_delivered', 'send-message', { body: 'Not delivered.' }, { sent: null, failed: null }]
  )
}

/** The transitions of an execution that went as it should. */
export const pathOf = (turns: number): string[] => [
  'incomingRequest',
  'resumed',
  ...Array.from({ length: turns }, () => 'incomingMessage'),
  'sent'
]
