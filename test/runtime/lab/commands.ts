// What may happen to a conversation, for real in the lab and in the model beside it.

import { deepStrictEqual, equal, ok } from 'node:assert/strict'
import fc, { type AsyncCommand } from 'fast-check'
import { NotNow } from '../../../src/runtime/errors.ts'
import { endExecution } from '../../../src/runtime/executions.ts'
import { putFlow } from '../../../src/runtime/flows.ts'
import { type Chat, endByApi, hear, isClosed, lookBack, timeOut, unheard } from './chat.ts'
import { chatFlow, patienceSeconds } from './chat-flow.ts'
import type { Misfortune } from './fate.ts'
import { leaseMs } from './lab.ts'
import { checkEnd, outcomeOf, webhooksOf } from './outcome.ts'
import type { Teller } from './teller.ts'

export interface Real {
  readonly teller: Teller
  readonly flowSid: string
}

type Command = AsyncCommand<Chat, Real>

interface Doing {
  readonly name: string
  readonly possible?: (chat: Chat) => boolean
  run(chat: Chat, real: Real): Promise<void>
  /** The process dies at this call, counted from here. A new one takes over. */
  readonly crash?: Crash | null
}

type Crash = Pick<Misfortune, 'nth' | 'manner'>

const command = ({ name, possible, run, crash = null }: Doing): Command => ({
  check: chat => (possible?.(chat) ?? true) && (crash === null || unheard(chat).length === 0),
  async run(chat, real) {
    const { lab } = real.teller
    lab.fate.plan(crash ? [{ ...crash, call: 'any' }] : [])
    const before = chat.handedOver
    await run(chat, real)
    const died = crash && lab.fate.pending.length === 0
    lab.fate.plan([])
    // Nobody can be asked whether a task was made, so a turn that died makes it again.
    if (died && !before && chat.handedOver) chat.mostTasks = 2
    if (died) await recover(real)
    await compare(chat, real)
  },
  toString: () => (crash ? `${name} (the process ${crash.manner} call ${crash.nth})` : name)
})

/** Whatever has died, another one goes on when the lease is over. */
async function recover({ teller: { lab } }: Real): Promise<void> {
  for (const pause of [1000, leaseMs, leaseMs]) {
    lab.boot()
    lab.clock.pass(pause + 1)
    await lab.settle()
  }
}

async function compare(chat: Chat, { teller }: Real): Promise<void> {
  const { lab, sid, conversation } = teller
  const { bodies, end, conversation: state, tasks } = await outcomeOf(lab, sid, conversation)
  deepStrictEqual(
    bodies,
    chat.lines.map(({ body }) => body)
  )
  equal(end, chat.end ?? undefined, 'it has ended so')
  equal(state, isClosed(chat) ? 'closed' : 'active', 'the Conversation')
  const fewest = chat.handedOver ? 1 : 0
  ok(tasks >= fewest && tasks <= fewest * chat.mostTasks, `${tasks} tasks for agents`)
  const { pause, flowRevision } = await lab.find(sid)
  equal(pause?.type === 'reply' ? pause.afterIndex : null, chat.waiting?.index ?? null)
  equal(flowRevision, chat.revision, 'P10: it stays on its revision')
  if (chat.waiting) equal(webhooksOf(lab, sid, conversation).length, 1, 'P7: one webhook')
  if (chat.end) await checkEnd(lab, sid, conversation)
}

/** Tells the execution of the customer's message with this index. */
async function tell({ teller }: Real, index: number): Promise<void> {
  const { lab, sid, conversation } = teller
  const url = `${lab.publicUrl}/webhooks/executions/${sid}`
  const entry = lab.world.log
    .after(0)
    .find(
      entry =>
        entry.type === 'delivery' &&
        entry.conversationSid === conversation &&
        entry.params.Index === String(index)
    )
  if (entry?.type === 'delivery') await lab.post(url, entry.params)
}

const customersIn = ({ lines }: Chat): number[] =>
  [...lines.keys()].filter(index => lines[index]?.from === 'customer')

const canTalk = (chat: Chat): boolean => !isClosed(chat)

const says = (body: string, copies: number, crash: Crash | null) =>
  command({
    name: `the customer says ${body}${copies === 0 ? ', unheard' : copies === 2 ? ', heard twice' : ''}`,
    possible: canTalk,
    crash,
    async run(chat, real) {
      const index = chat.lines.push({ from: 'customer', body }) - 1
      real.teller.reply(body)
      for (let copy = 0; copy < copies; copy++) {
        await tell(real, index)
        hear(chat, index)
      }
    }
  })

const comesLate = (which: number, crash: Crash | null) =>
  command({
    name: `webhook ${which} comes, late or again`,
    possible: chat => customersIn(chat).length > 0,
    crash,
    async run(chat, real) {
      const all = customersIn(chat)
      const index = all[which % all.length] ?? 0
      await tell(real, index)
      hear(chat, index)
    }
  })

const overtake = () =>
  command({
    name: 'all unheard webhooks come at once, the last one first',
    possible: chat => unheard(chat).length > 0,
    async run(chat, real) {
      const { lab, sid } = real.teller
      const claim = await lab.store.executions.claim(sid, lab.clock.now())
      for (const index of unheard(chat).reverse()) await tell(real, index)
      if (claim) lab.process.runtime.worker.run(claim)
      await lab.settle()
      lookBack(chat)
    }
  })

const programSays = () =>
  command({
    name: 'another program says something',
    possible: canTalk,
    async run(chat, { teller }) {
      chat.lines.push({ from: 'program', body: 'News' })
      await teller.lab.postMessage(teller.conversation, 'News')
    }
  })

const passes = (what: 'a minute' | 'two days', crash: Crash | null) =>
  command({
    name: `${what} ${what === 'a minute' ? 'passes' : 'pass'}`,
    crash,
    async run(chat, { teller: { lab } }) {
      lab.clock.pass(what === 'a minute' ? 60_000 : 2 * patienceSeconds * 1000)
      await lab.settle()
      if (what === 'two days') timeOut(chat)
    }
  })

const restart = (how: 'is killed' | 'is stopped') =>
  command({
    name: `the service ${how} and started again`,
    async run(chat, real) {
      const { lab } = real.teller
      if (how === 'is killed') {
        lab.kill()
        await recover(real)
      } else {
        await lab.reopenStore()
        lab.clock.pass(1001)
        await lab.settle()
      }
      lookBack(chat)
    }
  })

const publish = () =>
  command({
    name: 'a new revision is published',
    async run(chat, { teller: { lab }, flowSid }) {
      chat.latest += 1
      const change = { friendlyName: 'Chat', status: 'published' } as const
      await putFlow(lab.process.runtime, flowSid, { ...change, definition: chatFlow(chat.latest) })
    }
  })

const end = (crash: Crash | null) =>
  command({
    name: 'the API ends it',
    crash,
    async run(chat, { teller }) {
      if (chat.end === null) await teller.end()
      else await refused(teller)
      await teller.lab.settle()
      endByApi(chat)
    }
  })

async function refused({ lab, sid }: Teller): Promise<void> {
  const ending = lab.request(runtime => endExecution(runtime, sid, 'api'))
  const error = await ending.then(
    () => null,
    (error: unknown) => error
  )
  equal(error instanceof NotNow, true, 'what has ended cannot be ended')
}

const crash = fc.option(
  fc.record<Crash>({
    nth: fc.nat(12),
    manner: fc.constantFrom('dies before', 'dies after')
  }),
  { freq: 2 }
)
const body = fc.constantFrom('yes', 'no', 'agent')

export const commands = [
  fc.tuple(body, fc.constantFrom(1, 1, 1, 2), crash).map(input => says(...input)),
  fc.tuple(body, fc.constantFrom(1, 2), crash).map(input => says(...input)),
  body.map(text => says(text, 0, null)),
  fc.tuple(fc.nat(5), crash).map(input => comesLate(...input)),
  fc.constant(0).map(overtake),
  fc.constant(0).map(programSays),
  fc
    .tuple(fc.constantFrom('a minute' as const, 'two days' as const), crash)
    .map(input => passes(...input)),
  fc.constantFrom('is killed' as const, 'is stopped' as const).map(restart),
  fc.constant(0).map(publish),
  crash.map(end)
]
