// A flow that asks, for tests of what becomes of the answers.
import { flowOf } from '../support/build-service.ts'
import type { Stage } from './stage.ts'

type Widget = Parameters<typeof flowOf>[number]

/** Asks `one?`, `two?` and so on, then thanks; says goodbye to who is silent. Closes the Conversation if told. */
export function questions(count: number, { timeout = '86400', close = false } = {}) {
  const names = ['one', 'two', 'three', 'four', 'five'].slice(0, count)
  const asks = names.map(
    (name, at): Widget => [
      name,
      'send-and-wait-for-reply',
      { body: `${name}?`, timeout },
      { incomingMessage: names[at + 1] ?? 'thanks', timeout: 'bye', deliveryFailure: null }
    ]
  )
  return flowOf(
    [
      'resume',
      'resume-conversation',
      {
        conversation_sid: '{{flow.data.conversation_sid}}',
        close_conversation_on_execution_end: close
      },
      { resumed: 'one', failed: null }
    ],
    ...asks,
    ['thanks', 'send-message', { body: 'thanks.' }, { sent: null, failed: null }],
    ['bye', 'send-message', { body: 'bye.' }, { sent: null, failed: null }]
  )
}

let contacts = 0

export type Waiting = Awaited<ReturnType<typeof parked>>

/** An execution that has asked somebody of its own, and waits. */
export async function parked(stage: Stage, options: { close?: boolean } = {}) {
  contacts += 1
  const to = `+1555300${String(contacts).padStart(4, '0')}`
  const flow = await stage.publish(questions(2, options))
  const conversation = stage.openConversation(to)
  return { flow, conversation, sid: await stage.start(flow, conversation, {}, to) }
}

/** It waits, and has been answered, but nobody has told it so. */
export async function lostReply(stage: Stage) {
  const waiting = await parked(stage)
  const { world, simulator } = stage
  world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true }])
  world.say(waiting.conversation, { body: 'lost' })
  await simulator.idle()
  return waiting
}

export async function several(
  count: number,
  make: (stage: Stage) => Promise<Waiting>,
  stage: Stage
): Promise<Waiting[]> {
  const all: Waiting[] = []
  while (all.length < count) all.push(await make(stage))
  return all
}

/** Lets time fly until it has come true, and insists that it took no longer than told. */
export async function within({ clock }: Stage, ms: number, look: () => boolean): Promise<void> {
  const latest = clock.now() + ms
  await clock.passUntil(look)
  if (clock.now() > latest) throw new Error(`It took ${clock.now() - latest} ms too long: ${look}`)
}
