// How Twilio, and the network between, behave.
import type { Moods } from '../../src/simulator/moods.schema.ts'
import type { World } from '../../src/simulator/world.ts'
import { seeded } from './random.ts'

type Calls = Moods['calls']

interface Behaviour {
  readonly calls: Calls
  /** The share of webhook calls that the network brings once more, seconds later. */
  readonly lateCopies: number
}

/** Longer than the service waits for an answer. */
const hang = 16_000

const webhooks: Calls = {
  'WEBHOOK onMessageAdded': {
    lose: { chance: 0.01 },
    duplicate: { chance: 0.05, copies: 3 },
    delay: { chance: 0.05, from: 20, to: 3000 },
    reorder: { chance: 0.02, within: 2000 }
  }
}

// What Twilio carries out after its caller has given up cannot be told from what was lost, by nobody; so a
// call that gets no answer has been done at once, or never will be.
const calls: Calls = {
  '*': {
    // Each of them makes the whole service pause for that second.
    tooMany: { chance: 0.003, retryAfter: 1 },
    serverError: { chance: 0.015 },
    serverErrorAfter: { chance: 0.01 },
    timeout: { chance: 0.005 },
    timeoutAfter: { chance: 0.005 },
    slow: { chance: 0.02, from: 100, to: 1500 }
  },
  'POST Messages': { timeout: { chance: 0.002, hang }, timeoutAfter: { chance: 0.002, hang } }
}

const lateCopies = 0.03

export const moods = {
  calm: { calls: {}, lateCopies: 0 },
  /** Webhooks alone are unreliable. */
  uneasy: { calls: webhooks, lateCopies },
  bad: { calls: { ...webhooks, ...calls }, lateCopies }
} satisfies Record<string, Behaviour>

export type Mood = keyof typeof moods

export interface Troublemaker {
  copyAfter(): number | null
  readonly copies: number
  /** From now on all goes well. */
  calm(): void
}

/** The seed says what goes wrong, and not the clock. */
export function makeTrouble(world: World, mood: Mood, seed: number): Troublemaker {
  const random = seeded(seed)
  let { lateCopies } = moods[mood]
  let copies = 0
  world.moods.set({ seed, calls: moods[mood].calls })
  return {
    copyAfter() {
      if (!random.chance(lateCopies)) return null
      copies += 1
      return random.between(500, 8000)
    },
    get copies() {
      return copies
    },
    calm() {
      lateCopies = 0
      world.moods.clear()
    }
  }
}
