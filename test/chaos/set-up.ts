// What every run needs: a Twilio that is watched, the service beside it, a flow, and customers.
import type { Simulator } from '../../src/simulator/app.ts'
import { type Arena, type ArenaOptions, makeTwilio, openArena } from './arena.ts'
import { type Customers, makeCustomers } from './customers.ts'
import { type Measures, makeMeasures } from './measures.ts'
import { type Mood, makeTrouble, type Troublemaker } from './mood.ts'
import { observe } from './observer.ts'
import { seeded } from './random.ts'
import type { Scope } from './scope.ts'
import { questionnaire } from './talk.ts'

export interface Game {
  readonly simulator: Simulator
  readonly arena: Arena
  readonly measures: Measures
  readonly trouble: Troublemaker
  readonly customers: Customers
  readonly flowSid: string
}

interface Options extends Omit<ArenaOptions, 'simulator' | 'passing'> {
  readonly turns: number
  readonly waitSeconds: number
  readonly mood: Mood
  readonly seed: number
  readonly thinkingMs: number
}

export async function setUp(scope: Scope, options: Options): Promise<Game> {
  const { turns, waitSeconds, mood, seed, thinkingMs } = options
  const simulator = makeTwilio()
  const { world } = simulator
  const measures = makeMeasures()
  const random = seeded(seed)
  const trouble = makeTrouble(world, mood, seed)
  let customers: Customers | null = null
  const find = (sid: string) => customers?.talks.get(sid)
  observe(simulator, {
    changed: sid => customers?.look(sid),
    misdeed: (sid, what) => find(sid)?.misdeeds.push(what)
  })
  const arena = await openArena(scope, {
    ...options,
    simulator,
    passing: {
      copyAfter: trouble.copyAfter,
      toward(sid, { name }) {
        const talk = find(sid)
        if (talk) talk.handedTo = name
      }
    }
  })
  const { api } = arena
  const flowSid = await api.publish(questionnaire(turns, waitSeconds))
  customers = makeCustomers({ world, api, flowSid, turns, measures, random, thinkingMs })
  return { simulator, arena, measures, trouble, customers, flowSid }
}
