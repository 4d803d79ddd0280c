// Anything that may happen to an execution, in any order: what the engine's properties are tried with.
import fc, { type Arbitrary } from 'fast-check'
import type { Event } from '../../src/engine/event.ts'
import type { Execution } from '../../src/engine/execution.ts'
import type { JsonObject } from '../../src/engine/json.ts'
import type { State } from '../../src/flow/schema.ts'
import { widgets } from '../../src/widgets/index.ts'
import { type ScriptedAnswer, settle } from './golden-answers.ts'
import { conversationSid, serviceSid, sid, toEvent } from './golden-events.ts'

const otherConversationSid = 'CH000000000000000000000000000000b2'

/** One thing that may happen; it is made an event by what the execution waits for at that time. */
export type Action =
  | { readonly do: 'trigger'; readonly parameters: JsonObject }
  | { readonly do: 'answer'; readonly change: object; readonly failure: object | null }
  | { readonly do: 'stray answer' }
  | {
      readonly do: 'message'
      readonly index: number
      readonly body: string
      readonly from: 'here' | 'elsewhere' | 'us'
    }
  | { readonly do: 'timer'; readonly token: string | null }
  | {
      readonly do: 'lose'
      readonly token: string | null
      readonly loss: 'closed' | 'deleted'
      readonly answered: boolean
    }
  | {
      readonly do: 'step'
      readonly widget: { name: string } | { inline: State }
      readonly handOver: boolean
    }
  | { readonly do: 'cancel'; readonly reason: 'api' | 'expired' | 'replaced' }

export function toAny(action: Action, execution: Execution, at: number): Event {
  const id = `event-${at}`
  const asked = execution.pause?.type === 'effect' ? execution.pause.effect : null
  switch (action.do) {
    case 'trigger':
      return { type: 'triggered', id, at, parameters: action.parameters }
    case 'answer': {
      if (!asked)
        return {
          type: 'effect-settled',
          id,
          at,
          effectId: 'none',
          answer: { ok: true, value: null }
        }
      const { change, failure } = action
      return settle(asked, { [asked.type]: failure ? { failure } : change } as ScriptedAnswer, at)
    }
    case 'stray answer':
      return {
        type: 'effect-settled',
        id,
        at,
        effectId: `${execution.sid}:0:99`,
        answer: { ok: true, value: null }
      }
    case 'message': {
      const sentBy = action.from === 'us' ? { sentBy: `${execution.sid}:2:0` } : {}
      const conversation = action.from === 'elsewhere' ? { conversation: otherConversationSid } : {}
      const { index, body } = action
      return toEvent(
        { type: 'message-received', after: 0, index, body, ...sentBy, ...conversation },
        execution,
        at
      )
    }
    case 'timer':
      return toEvent(
        { type: 'timed-out', after: 0, ...(action.token !== null && { token: action.token }) },
        execution,
        at
      )
    case 'lose': {
      const { pause } = execution
      const token = action.token ?? (pause?.type === 'reply' ? pause.token : 'none')
      const { loss, answered } = action
      return { type: 'conversation-lost', id, at, token, loss, code: 50377, answered }
    }
    case 'step':
      return { type: 'step-requested', id, at, widget: action.widget, handOver: action.handOver }
    case 'cancel':
      return { type: 'cancelled', id, at, reason: action.reason }
    default:
      return action satisfies never
  }
}

const answerBodies = ['{}', '{"a":{"b":1}}', '[1]', 'sorry', 'x'.repeat(3000)]

const failure = fc.record({
  code: fc.constantFrom(null, 20404, 50361, 50377),
  status: fc.constantFrom(null, 404, 500),
  message: fc.string(),
  outcome: fc.constantFrom('refused' as const, 'unknown' as const)
})
const answer: Arbitrary<Action> = fc
  .tuple(
    fc.record({
      index: fc.nat(12),
      state: fc.constantFrom('active', 'active', 'active', 'closed'),
      status: fc.constantFrom(200, 200, 200, 200, 302, 404),
      contentType: fc.constantFrom('application/json', 'text/plain'),
      body: fc.constantFrom(...answerBodies),
      revision: fc.integer({ min: 1, max: 9 })
    }),
    fc.oneof({ arbitrary: fc.constant(null), weight: 8 }, failure)
  )
  .map(([change, failure]) => ({ do: 'answer', change, failure }))

const inline: Arbitrary<State> = fc
  .record({
    type: fc.constantFrom(...Object.keys(widgets)),
    next: fc.constantFrom('thank', 'say_so', 'ping', 'find_time', 'nowhere', ''),
    flow: fc.constantFrom('b1', 'b2', 'b3', 'b4')
  })
  .map(({ type, next, flow }) => ({
    name: 'inline',
    type,
    transitions: (widgets[type]?.transitions ?? []).map(event => ({ event, next })),
    properties: {
      body: 'Hi',
      input: '{{flow.data.name}}',
      conversation_sid: conversationSid,
      participants: [{ type: 'chat', identity: '{{contact.channel.address}}' }],
      close_conversation_on_execution_end: true,
      flow_sid: `FW000000000000000000000000000000${flow}`,
      parameters: [{ key: 'all', value: '{{flow}}', type: 'json_object' }],
      method: 'POST',
      url: 'https://shop.example/{{flow.data.order}}',
      workflow: 'WW00000000000000000000000000000001',
      channel: 'TC00000000000000000000000000000001',
      attributes: '{"topic": {{flow.data.name | to_json}} }',
      priority: '{{flow.data.order}}'
    }
  }))

const message = fc.record({
  do: fc.constant('message' as const),
  index: fc.nat(16),
  body: fc.constantFrom('5', '2', 'yes', 'no', '', 'x'.repeat(3000)),
  from: fc.constantFrom(...(['here', 'here', 'here', 'elsewhere', 'us'] as const))
})

const step = (widgetNames: readonly string[]): Arbitrary<Action> =>
  fc.record({
    do: fc.constant('step'),
    widget: fc.oneof(
      fc.constantFrom(...widgetNames, 'nowhere').map(name => ({ name })),
      inline.map(state => ({ inline: state }))
    ),
    handOver: fc.constantFrom(false, false, true)
  })

const timer: Arbitrary<Action> = fc.record({
  do: fc.constant('timer'),
  token: fc.constantFrom(null, null, '0', '2', '3')
})

const lose: Arbitrary<Action> = fc.record({
  do: fc.constant('lose'),
  token: fc.constantFrom(null, null, '0', '2', '3'),
  loss: fc.constantFrom('closed', 'deleted'),
  answered: fc.boolean()
})

const odd = fc.constantFrom<Action>({ do: 'stray answer' }, { do: 'trigger', parameters: {} })
const cancel = fc.constantFrom<Action>(
  { do: 'cancel', reason: 'api' },
  { do: 'cancel', reason: 'expired' },
  { do: 'cancel', reason: 'replaced' }
)

/** A question, its answer or none, and what follows. */
const talk: Arbitrary<Action[]> = fc
  .tuple(
    fc.array(answer, { minLength: 1, maxLength: 5 }),
    fc.oneof(
      {
        arbitrary: message.map(reply => ({ ...reply, index: 16, from: 'here' as const })),
        weight: 3
      },
      { arbitrary: fc.constant<Action>({ do: 'timer', token: null }), weight: 1 }
    ),
    fc.array(answer, { minLength: 1, maxLength: 4 })
  )
  .map(([before, reply, after]) => [...before, reply, ...after])

/** Answers come in rows, for else hardly an execution would get anywhere. */
export const actions = (widgetNames: readonly string[]): Arbitrary<Action[]> =>
  fc
    .array(
      fc.oneof(
        { arbitrary: fc.array(answer, { minLength: 1, maxLength: 5 }), weight: 8 },
        { arbitrary: talk, weight: 8 },
        ...[
          message,
          message,
          message,
          step(widgetNames),
          step(widgetNames),
          timer,
          lose,
          odd,
          cancel
        ].map(one => one.map(action => [action]))
      ),
      { maxLength: 15 }
    )
    .map(rows => rows.flat())

export const parameters: Arbitrary<JsonObject> = fc.record({
  thread: fc.constantFrom(conversationSid, conversationSid, ''),
  first: fc.constantFrom(conversationSid, otherConversationSid),
  second: fc.constantFrom(conversationSid, ''),
  service: fc.constantFrom(serviceSid, '', sid('IS', 2)),
  ConversationSid: fc.constantFrom(conversationSid, ''),
  loop: fc.constantFrom('ping-pong', 'step', 'yes', 'no'),
  retry: fc.constantFrom('yes', 'no'),
  name: fc.string(),
  order: fc.oneof(fc.integer(), fc.string()),
  patience: fc.constantFrom(60, '120', 'soon', -1),
  anything: fc.jsonValue().map(value => JSON.parse(JSON.stringify(value)))
})
