// The customers, and whoever calls the API for them.
import { setTimeout as sleep } from 'node:timers/promises'
import type { World } from '../../src/simulator/world.ts'
import type { Api } from './api.ts'
import type { Measures } from './measures.ts'
import type { Random } from './random.ts'
import { business, makeTalk, placeOf, type Talk } from './talk.ts'

export interface Customers {
  /** All that have begun, by the SID of their Conversation. */
  readonly talks: ReadonlyMap<string, Talk>
  /** Plays one conversation; resolves when it is closed, or rejects when the API refuses the trigger. */
  play(number: number): Promise<Talk>
  /** One that is over. */
  forget(conversationSid: string): void
  /** Something was written into this Conversation, or it was closed. */
  look(conversationSid: string): void
}

interface Options {
  readonly world: World
  readonly api: Api
  readonly flowSid: string
  readonly turns: number
  readonly measures: Measures
  readonly random: Random
  /** A question is read and answered within this time. */
  readonly thinkingMs: number
}

export function makeCustomers(options: Options): Customers {
  const { world, api, flowSid, turns, measures, random, thinkingMs } = options
  const talks = new Map<string, Talk>()
  const endings = new Map<Talk, () => void>()

  return {
    talks,

    async play(number) {
      const customer = `+1555${String(1_000_000 + number)}`
      const participants = [{ address: customer, proxyAddress: business }]
      const { sid } = world.openConversation({ participants })
      const talk = makeTalk(number, sid, customer, turns)
      const ending = new Promise<void>(resolve => endings.set(talk, resolve))
      talks.set(sid, talk)
      talk.executionSid = await api.trigger(flowSid, talk)
      await ending
      return talk
    },

    forget: sid => talks.delete(sid),

    look(conversationSid) {
      const talk = talks.get(conversationSid)
      if (!talk || talk.over) return
      const { messages, state } = world.conversation(conversationSid)
      const asked = placeOf(messages.at(-1)?.body ?? null, turns)
      if (talk.movingSince !== null && asked > talk.said) {
        measures.turnDone(talk)
        if (asked <= turns) void answer(talk)
      }
      if (state === 'closed') {
        talk.over = true
        endings.get(talk)?.()
        endings.delete(talk)
      }
    }
  }

  async function answer(talk: Talk): Promise<void> {
    await sleep(random.between(0, thinkingMs))
    if (world.conversation(talk.conversationSid).state === 'closed') return
    const body = talk.replies[talk.said]
    if (body === undefined) return
    talk.said += 1
    talk.movingSince = Date.now()
    world.say(talk.conversationSid, { body })
  }
}
