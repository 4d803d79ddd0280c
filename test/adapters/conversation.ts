// A conversation as production sees it: the engine runs a flow of questions, each turn through a store. SIDs are
// random, because those of most tests are not, and a store that packs would look better than it is.
import { hash } from 'node:crypto'
import { advance } from '../../src/engine/advance.ts'
import type { Answer, Effect } from '../../src/engine/effect.ts'
import type { Event, InboxEvent } from '../../src/engine/event.ts'
import { newExecution, type Step } from '../../src/engine/execution.ts'
import { parseFlow } from '../../src/flow/parse.ts'
import type { Claim, Store } from '../../src/runtime/ports.ts'
import { widgets } from '../../src/widgets/index.ts'
import { makeEnv } from '../support/pure-env.ts'
import { start } from './contract/samples.ts'

export const flowSid = sidOf('FW', 'flow')
const [to, from] = ['+15551234567', '+15559876543']
const conversationSid = sidOf('CH', 'conversation')
const serviceSid = sidOf('IS', 'service')
const env = makeEnv()

/** Asks and is answered so many times, then waits for one more reply. Answers the execution's SID. */
export async function converse({ executions }: Store, replies: number): Promise<string> {
  const flow = flowOf(replies + 1)
  const sid = executions.newSid(flowSid, sidOf('FC', 'contact'))
  const execution = newExecution({
    sid,
    accountSid: sidOf('AC', 'account'),
    flowSid,
    flowRevision: 12,
    mode: 'flow',
    createdAt: start,
    to,
    from,
    contactSid: sidOf('FC', 'contact'),
    initiatedBy: sidOf('RQ', 'request'),
    triggeredBy: 'incomingRequest'
  })
  const parameters = {
    conversation_sid: conversationSid,
    name: 'Ada Lovelace',
    visit: 'Monday, 9:30'
  }
  const event = { type: 'triggered', id: `trigger:${sid}`, at: start, parameters } as const
  const entry = {
    execution,
    event,
    exclusive: false,
    idempotencyKey: null,
    now: start,
    claim: true
  }
  const created = await executions.create(entry)
  if (created.outcome !== 'created' || !created.claim) throw new Error('It was not created')
  await turn(created.claim, event)
  for (let number = 1; number <= replies; number++) {
    const reply = messageOf(number)
    const delivered = await executions.deliver(sid, reply, { now: reply.at, claim: true })
    if (delivered.outcome !== 'claimed') throw new Error(delivered.outcome)
    await turn(delivered.claim, reply)
  }
  return sid

  async function turn(claim: Claim, first: InboxEvent): Promise<void> {
    const steps: Step[] = []
    let { execution } = claim
    for (let event: Event | null = first; event; ) {
      const advanced = advance(() => flow, execution, event, env)
      execution = advanced.execution
      steps.push(...advanced.steps)
      event = advanced.effect && settled(advanced.effect, event.at + 217)
    }
    const dueAt = execution.pause?.type === 'reply' ? execution.pause.until : null
    const consumed = [first.id]
    await executions.commit(claim, {
      execution,
      steps,
      consumed,
      dueAt,
      hold: false,
      now: first.at
    })
  }
}

function flowOf(questions: number) {
  const asks = Array.from({ length: questions }, (_, at) => ({
    name: `ask_${at + 1}`,
    type: 'send-and-wait-for-reply',
    transitions: [
      { event: 'incomingMessage', ...(at + 1 < questions && { next: `ask_${at + 2}` }) }
    ],
    properties: {
      body: `{{flow.data.name}}, question ${at + 1}: how did you find our ${subjects[at % subjects.length]}?`
    }
  }))
  const parsed = parseFlow(
    {
      description: 'A long conversation',
      states: [
        {
          name: 'Trigger',
          type: 'trigger',
          transitions: [{ event: 'incomingRequest', next: 'resume' }],
          properties: {}
        },
        {
          name: 'resume',
          type: 'resume-conversation',
          transitions: [{ event: 'resumed', next: 'ask_1' }, { event: 'failed' }],
          properties: { conversation_sid: '{{flow.data.conversation_sid}}' }
        },
        ...asks
      ],
      initial_state: 'Trigger',
      flags: { allow_concurrent_calls: true }
    },
    widgets
  )
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.flow
}

const subjects = [
  'front desk',
  'waiting room',
  'doctor',
  'new website',
  'opening hours',
  'parking',
  'bill'
]
const replies = [
  'Very good, thank you!',
  'Could be better',
  'No idea',
  'Terrible 😡 never again',
  '4'
]

const messageOf = (number: number): InboxEvent => ({
  type: 'message-received',
  id: sidOf('IM', `reply ${number}`),
  at: start + number * 47_311,
  conversationSid,
  index: 2 * number,
  sentBy: null,
  payload: {
    EventType: 'onMessageAdded',
    AccountSid: sidOf('AC', 'account'),
    ChatServiceSid: serviceSid,
    ConversationSid: conversationSid,
    MessageSid: sidOf('IM', `reply ${number}`),
    MessagingServiceSid: sidOf('MG', 'messaging'),
    ParticipantSid: sidOf('MB', 'customer'),
    Index: String(2 * number),
    DateCreated: new Date(start + number * 47_311 - 623).toISOString(),
    Author: to,
    Body: replies[number % replies.length] ?? '',
    Source: 'SMS',
    Attributes: '{}',
    RetryCount: '0'
  }
})

const settled = (effect: Effect, at: number): Event => ({
  type: 'effect-settled',
  id: effect.id,
  at,
  effectId: effect.id,
  answer: { ok: true, value: answerTo(effect, at) } as Answer
})

function answerTo(effect: Effect, at: number): unknown {
  switch (effect.type) {
    case 'fetch-conversation':
      return {
        sid: conversationSid,
        serviceSid,
        messagingServiceSid: sidOf('MG', 'messaging'),
        state: 'active',
        friendlyName: 'Ada Lovelace',
        uniqueName: null,
        attributes: '{}',
        dateCreated: '2023-11-13T08:12:45Z',
        dateUpdated: '2023-11-14T19:02:11Z'
      }
    case 'list-participants':
      return [
        {
          sid: sidOf('MB', 'customer'),
          identity: null,
          attributes: '{}',
          roleSid: sidOf('RL', 'role'),
          address: to,
          proxyAddress: from
        }
      ]
    case 'add-webhook':
      return { webhookSid: sidOf('WH', 'webhook') }
    case 'send-message':
      return {
        sid: sidOf('IM', effect.id),
        conversationSid,
        index: Number(effect.id.split(':')[1]) * 2 - 3,
        author: effect.author,
        body: effect.body,
        attributes: effect.attributes ?? '{}',
        participantSid: null,
        dateCreated: new Date(at).toISOString()
      }
    default:
      return null
  }
}

function sidOf(prefix: string, name: string): string {
  return prefix + hash('sha256', name).slice(0, 32)
}
