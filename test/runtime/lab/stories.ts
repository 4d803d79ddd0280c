// Stories that every misfortune is tried on, and what each of them comes to.

import { putFlow } from '../../../src/runtime/flows.ts'
import { alwaysSuspend } from '../../support/build-service.ts'
import type { Misfortune } from './fate.ts'
import {
  ask,
  callFunction,
  callShop,
  flowOf,
  innerFlowOf,
  open,
  resume,
  say,
  subflow,
  toFlex
} from './flows.ts'
import type { Lab } from './lab.ts'
import type { Outcome } from './outcome.ts'
import type { Teller } from './teller.ts'

export interface Story {
  readonly name: string
  readonly flow: object
  /** Another flow that this one calls. */
  readonly subflow?: { readonly flowSid: string; readonly definition: object }
  tell(teller: Teller): Promise<void>
  /** Where it is nobody's fault that something else comes of it: what that is. */
  readonly instead?: (misfortune: Misfortune, expected: Outcome) => Partial<Outcome>
  /** It is gone at the end, and nothing can be asked of it. */
  readonly deleted?: boolean
  readonly ends: string
  readonly closes: boolean
  readonly bodies: readonly string[]
}

/** The commit that follows the hand-over: the second one, where not every effect has one of its own. */
const commitOfTask = alwaysSuspend ? 6 : 1

const innerSid = `FW${'5'.repeat(32)}`

export const stories: readonly Story[] = [
  {
    name: 'asks, thanks and closes',
    flow: flowOf(resume('one'), ask('one', 'thanks'), say('thanks', null)),
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      teller.reply('A')
      await teller.untilItIsOver()
    },
    ends: 'completed',
    closes: true,
    bodies: ['one?', 'A', 'thanks.']
  },
  {
    name: 'asks twice, and repeats what it heard',
    flow: flowOf(
      resume('one', false),
      ask('one', 'noted'),
      say('noted', 'two', '{{widgets.one.inbound.Body}} it is.'),
      ask('two', 'bye'),
      say('bye', null, '{{widgets.one.inbound.Body}} and {{widgets.two.inbound.Body}}.')
    ),
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      teller.reply('A')
      await teller.untilItWaits(4)
      teller.reply('B')
      await teller.untilItIsOver()
    },
    ends: 'completed',
    closes: false,
    bodies: ['one?', 'A', 'A it is.', 'two?', 'B', 'A and B.']
  },
  {
    name: 'calls a shop and a Function',
    flow: flowOf(
      resume('order'),
      callShop('order', 'one'),
      ask('one', 'lookup'),
      callFunction('lookup', 'thanks'),
      say('thanks', null)
    ),
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      teller.reply('A')
      await teller.untilItIsOver()
    },
    // A call without an answer is the author's to handle: it leaves by `failed`, and is not made again.
    instead: ({ call, nth, manner }, { path, calls, problems }) =>
      call === 'http call' && manner.startsWith('fails')
        ? {
            path: path.map(step =>
              nth === 0
                ? step.replace('order success', 'order failed')
                : step.replace('lookup success', 'lookup fail')
            ),
            calls: manner === 'fails after' ? calls : calls.filter((_, place) => place !== nth),
            problems: [...problems, nth === 0 ? 81016 : 81010]
          }
        : {},
    ends: 'completed',
    closes: true,
    bodies: ['one?', 'A', 'thanks.']
  },
  {
    name: 'hands over to an agent',
    flow: flowOf(
      resume('one'),
      ask('one', 'flex'),
      toFlex('flex', null, 'sorry'),
      say('sorry', null)
    ),
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      teller.reply('help')
      await teller.untilItIsOver()
    },
    // Nobody can be asked whether a task was made. Without an answer the flow goes on as if it was not; a turn
    // that broke off before it could save the answer makes it again.
    instead: ({ call, nth, manner }, { path, bodies }) => {
      const saved = call === 'store commit' && nth === commitOfTask
      if (saved) return manner.endsWith('before') ? { tasks: 2 } : {}
      if (call !== 'POST Interactions') return {}
      if (manner === 'dies after') return { tasks: 2 }
      if (manner === 'dies before') return {}
      return {
        path: [...path.slice(0, -1), 'flex failedToEnqueue', 'sorry sent'],
        bodies: [...bodies, 'sorry.'],
        tasks: manner === 'fails after' ? 1 : 0,
        conversation: 'closed',
        problems: [81015]
      }
    },
    ends: 'completed',
    closes: false,
    bodies: ['one?', 'help']
  },
  {
    name: 'asks within a subflow',
    flow: flowOf(resume('inner'), subflow('inner', innerSid, 'thanks'), say('thanks', null)),
    subflow: {
      flowSid: innerSid,
      definition: innerFlowOf(ask('one', 'noted'), say('noted', null))
    },
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      teller.reply('A')
      await teller.untilItIsOver()
    },
    ends: 'completed',
    closes: true,
    bodies: ['one?', 'A', 'noted.', 'thanks.']
  },
  {
    name: 'opens the Conversation itself',
    flow: flowOf(open('one'), ask('one', 'thanks'), say('thanks', null)),
    async tell(teller) {
      await teller.start()
      await teller.untilItWaits(1)
      teller.reply('A')
      await teller.untilItIsOver()
    },
    ends: 'completed',
    closes: true,
    bodies: ['one?', 'A', 'thanks.']
  },
  {
    name: 'gives up on who is silent',
    flow: flowOf(
      resume('one'),
      ask('one', null, { timeout: '3000', onTimeout: 'bye' }),
      say('bye', null)
    ),
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      teller.lab.clock.pass(3_000_000)
      await teller.untilItIsOver()
    },
    ends: 'completed',
    closes: true,
    bodies: ['one?', 'bye.']
  },
  {
    name: 'is ended by the API',
    flow: flowOf(resume('one'), ask('one', 'thanks'), say('thanks', null)),
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      await teller.end()
      await teller.untilItIsOver()
    },
    ends: 'api',
    closes: true,
    bodies: ['one?']
  },
  {
    name: 'tidies up in a bad hour of Twilio’s',
    flow: flowOf(resume('one'), ask('one', null)),
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      teller.lab.world.faults.add([
        { call: 'DELETE Webhooks', status: 503, times: 7 },
        { call: 'POST Conversations', status: 500, times: 2 }
      ])
      teller.reply('A')
      await teller.untilItIsOver()
    },
    ends: 'completed',
    closes: true,
    bodies: ['one?', 'A']
  },
  {
    name: 'is deleted while it waits',
    flow: flowOf(resume('one'), ask('one', 'thanks'), say('thanks', null)),
    async tell(teller) {
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      await teller.delete()
      await teller.untilItIsOver()
    },
    deleted: true,
    ends: 'deleted',
    closes: true,
    bodies: ['one?']
  }
]

/** Publishes what the story needs; answers the SID of its flow. */
export async function publishStory(lab: Lab, { flow, subflow: inner }: Story): Promise<string> {
  const { runtime } = lab.process
  const published = { friendlyName: 'A story', status: 'published' } as const
  if (inner) await putFlow(runtime, inner.flowSid, { ...published, definition: inner.definition })
  const flowSid = `FW${'4'.repeat(32)}`
  await putFlow(runtime, flowSid, { ...published, definition: flow })
  return flowSid
}
