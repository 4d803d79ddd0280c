// Misbehaviour by chance, which a seed repeats.

import { randomInt } from 'node:crypto'
import type { Fault } from './faults.ts'
import type { Misbehaviour, Mood, Moods, NewMoods } from './moods.schema.ts'
import { randomFrom } from './random.ts'
import { badParameter } from './refusal.ts'

export type MoodSwings = {
  /** In place of those before; the draws begin anew. Answers them with their seed. */
  set(moods: NewMoods): Moods
  clear(): void
  readonly current: Moods
  /** What goes wrong with this call, if anything does. */
  draw(call: string): Fault | undefined
  readonly any: boolean
}

const ofWebhooks: readonly Misbehaviour[] = ['lose', 'duplicate', 'delay', 'reorder']
const calm: Moods = { seed: null, calls: {} }

export function createMoods(): MoodSwings {
  let current = calm
  let streams = new Map<string, () => Fault | undefined>()

  /**
   * Each type of call has draws of its own, so that it does not matter which calls of other types come in
   * between.
   */
  function streamOf(call: string): () => Fault | undefined {
    const mood: Mood = {}
    for (const [name, own] of Object.entries(current.calls)) {
      if (name === '*') Object.assign(mood, { ...own, ...mood })
      else if (name.toLowerCase() === call) Object.assign(mood, own)
    }
    const random = randomFrom(`${current.seed} ${call}`)
    if (isWebhook(call)) return () => drawDelivery(mood, call, random)
    return () => drawCall(mood, call, random)
  }

  return {
    set({ seed = randomInt(2 ** 31), calls }) {
      for (const [call, mood] of Object.entries(calls)) check(call, mood)
      current = { seed, calls }
      streams = new Map()
      return current
    },
    clear() {
      current = calm
      streams = new Map()
    },
    get current() {
      return current
    },
    draw(name) {
      const call = name.toLowerCase()
      let stream = streams.get(call)
      if (!stream) {
        stream = streamOf(call)
        streams.set(call, stream)
      }
      return stream()
    },
    get any() {
      return current !== calm
    }
  }
}

const isWebhook = (call: string) => /^webhook /i.test(call)

/** What could never happen would leave whoever asked for it waiting. */
function check(call: string, mood: Mood) {
  if (call === '*') return
  for (const name of Object.keys(mood) as Misbehaviour[]) {
    const possible =
      name === 'fullHooks'
        ? call.toLowerCase() === 'post webhooks'
        : ofWebhooks.includes(name) === isWebhook(call)
    if (!possible) throw badParameter(`'${call}' cannot have the mood '${name}'`)
  }
}

type Random = () => number

/** Of two that strike together, the one that hides more from the caller; slowness comes on top. */
function drawCall(mood: Mood, call: string, random: Random): Fault | undefined {
  // All are drawn each time, so that a change of one mood does not change when the others strike.
  const draws = drawer(random)
  const timeout = draws.strikes(mood.timeout)
  const timeoutAfter = draws.strikes(mood.timeoutAfter)
  const serverErrorAfter = draws.strikes(mood.serverErrorAfter)
  const serverError = draws.strikes(mood.serverError)
  const tooMany = draws.strikes(mood.tooMany)
  const fullHooks = draws.strikes(mood.fullHooks)
  const slow = draws.strikes(mood.slow)
  const slowness = draws.between(mood.slow)

  const delay = slow ? slowness : 0
  const failing = (hang = 0) => ({ call, delay: delay + hang })
  if (timeout) return { ...failing(timeout.hang), drop: true }
  if (timeoutAfter) return { ...failing(timeoutAfter.hang), drop: true, after: true }
  if (serverErrorAfter) {
    return { ...failing(), status: serverErrorAfter.status ?? 503, after: true }
  }
  if (serverError) return { ...failing(), status: serverError.status ?? 503 }
  if (tooMany) return { ...failing(), status: 429, retryAfter: tooMany.retryAfter }
  if (fullHooks && call === 'post webhooks') {
    return { ...failing(), status: 400, code: 50361, message: 'There are five webhooks already' }
  }
  return slow ? { call, delay } : undefined
}

function drawDelivery(mood: Mood, call: string, random: Random): Fault | undefined {
  const draws = drawer(random)
  const lose = draws.strikes(mood.lose)
  const duplicate = draws.strikes(mood.duplicate)
  const reorder = draws.strikes(mood.reorder)
  const delay = draws.strikes(mood.delay)
  const lateness = draws.between(mood.delay)

  if (lose) return { call, drop: true }
  if (!duplicate && !reorder && !delay) return undefined
  return {
    call,
    copies: duplicate ? (duplicate.copies ?? 2) : 1,
    // What is late is overtaken anyway.
    ...(delay ? { delay: lateness } : reorder && { overtaken: reorder.within ?? 1000 })
  }
}

const drawer = (random: Random) => ({
  strikes: <T extends { readonly chance: number }>(misbehaviour: T | undefined): T | undefined =>
    random() < (misbehaviour?.chance ?? 0) ? misbehaviour : undefined,

  between: ({ from, to }: { readonly from: number; readonly to: number } = { from: 0, to: 0 }) =>
    Math.round(from + random() * Math.max(0, to - from))
})
