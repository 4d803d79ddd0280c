// How Twilio, and the network between, behave. The only file that knows how the simulator is made to fail.
import type { FastifyRequest } from 'fastify'
import type { Simulator } from '../../src/simulator/app.ts'
import type { Fault } from '../../src/simulator/faults.ts'
import type { Random } from './random.ts'

interface Trouble {
  readonly name: string
  readonly probability: number
  readonly fault: (random: Random) => Omit<Fault, 'call'>
}

interface Moods {
  /** What happens to a call of the API. */
  readonly calls: readonly Trouble[]
  /** What happens to the webhook call about a customer's message. */
  readonly webhooks: readonly Trouble[]
  /** The share of webhook calls that the network brings once more, seconds later. */
  readonly lateCopies: number
}

/** Longer than the service waits for an answer. */
const tooLate = 16_000

// A call that Twilio carries out after its caller has given up cannot be told from one that was lost, by
// nobody; so what is late here fails, or was done at once.
const calls: readonly Trouble[] = [
  { name: '429', probability: 0.01, fault: () => ({ status: 429, retryAfter: 1 }) },
  { name: '429 without Retry-After', probability: 0.01, fault: () => ({ status: 429 }) },
  { name: '503 before the work', probability: 0.015, fault: () => ({ status: 503 }) },
  { name: '500 after the work', probability: 0.01, fault: () => ({ status: 500, after: true }) },
  { name: 'cut before the work', probability: 0.005, fault: () => ({ drop: true }) },
  { name: 'cut after the work', probability: 0.005, fault: () => ({ drop: true, after: true }) },
  {
    name: 'no answer, not done',
    probability: 0.0005,
    fault: () => ({ drop: true, delay: tooLate })
  },
  {
    name: 'no answer, but done',
    probability: 0.0005,
    fault: () => ({ drop: true, delay: tooLate, after: true })
  },
  { name: 'slow', probability: 0.02, fault: random => ({ delay: random.between(100, 1500) }) }
]

const webhooks: readonly Trouble[] = [
  { name: 'webhook lost', probability: 0.01, fault: () => ({ drop: true }) },
  { name: 'webhook doubled', probability: 0.04, fault: () => ({ copies: 2 }) },
  {
    name: 'webhook late',
    probability: 0.04,
    fault: random => ({ delay: random.between(20, 3000) })
  },
  {
    name: 'webhook late and doubled',
    probability: 0.01,
    fault: random => ({ delay: random.between(20, 3000), copies: 3 })
  }
]

export const moods = {
  calm: { calls: [], webhooks: [], lateCopies: 0 },
  /** Webhooks alone are unreliable. */
  uneasy: { calls: [], webhooks, lateCopies: 0.03 },
  bad: { calls, webhooks, lateCopies: 0.03 }
} satisfies Record<string, Moods>

export type Mood = keyof typeof moods

export interface Troublemaker {
  /** Before a customer says something. */
  beforeSaying(): void
  copyAfter(): number | null
  /** How often each thing has gone wrong. */
  readonly counts: ReadonlyMap<string, number>
  /** From now on all goes well. */
  calm(): void
}

/** Decides anew for each call, so that the seed and not the clock says how much goes wrong. */
export function makeTrouble({ app, world }: Simulator, mood: Mood, random: Random): Troublemaker {
  const counts = new Map<string, number>()
  let current: Moods = moods[mood]
  const count = (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)

  const arm = (call: string, troubles: readonly Trouble[]) => {
    let dice = random.next()
    for (const { name, probability, fault } of troubles) {
      dice -= probability
      if (dice >= 0) continue
      count(name)
      world.faults.add([{ call, ...fault(random) }])
      return
    }
  }

  app.addHook('onRequest', async request => {
    if (request.url.startsWith('/v1/')) arm(kindOf(request), current.calls)
  })

  return {
    counts,
    beforeSaying: () => arm('WEBHOOK onMessageAdded', current.webhooks),
    copyAfter() {
      if (!random.chance(current.lateCopies)) return null
      count('webhook again, seconds later')
      return random.between(500, 8000)
    },
    calm() {
      current = moods.calm
      world.faults.clear()
    }
  }
}

/** `POST Messages` for `POST /v1/Conversations/CH…/Messages`. */
function kindOf({ method, routeOptions }: FastifyRequest): string {
  const words = routeOptions.url?.split('/') ?? []
  return `${method} ${words.findLast(word => !word.startsWith(':')) ?? ''}`
}
