import fc from 'fast-check'
import type { Test } from 'tap'
import { applyWrites, type Write } from '../../../src/engine/context.ts'
import type { Execution, Step } from '../../../src/engine/execution.ts'
import type { JsonObject } from '../../../src/engine/json.ts'
import type { Claim } from '../../../src/runtime/ports.ts'
import {
  claimed,
  ended,
  held,
  leaseMs,
  type MakeStore,
  start,
  stepOf,
  times,
  turnOf
} from './samples.ts'

/** One save, and how the claim came to it. */
interface Save {
  readonly steps: readonly (readonly Write[])[]
  readonly unrecorded: readonly Write[]
  /** What no write accounts for. */
  readonly besides: JsonObject | null
  readonly under: 'the same claim' | 'a copy of it' | 'a new claim' | 'a claim of the peer'
}

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }).map(json => json as JsonObject),
  fc.constantFrom(100, 900, 3900, 9000).map(length => ({ Body: 'é\n\n"'.repeat(length / 4) }))
)
const plainObject = { noNullPrototype: true }
const write: fc.Arbitrary<Write> = fc.record(
  {
    path: fc.array(fc.constantFrom('widgets', 'flow', 'ask', '__proto__', '"\n'), {
      minLength: 1,
      maxLength: 3
    }),
    value
  },
  plainObject
)
const writes = fc.array(write, { maxLength: 3 })
const save: fc.Arbitrary<Save> = fc.record({
  steps: fc.array(writes, { maxLength: 3 }),
  unrecorded: writes,
  besides: fc.option(fc.dictionary(fc.constantFrom('widgets', 'more'), value, plainObject), {
    freq: 6
  }),
  under: fc.constantFrom<Save['under'][]>(
    'the same claim',
    'a copy of it',
    'a new claim',
    'a claim of the peer'
  )
})

/** However often, and under whichever claims, an execution was saved before. */
export async function saving(t: Test, makeStore: MakeStore): Promise<void> {
  const { store, peer } = await makeStore(t, { leaseMs })
  const saveAll = async (saves: readonly Save[], ends: boolean) => {
    let claim = await held(store)
    let { execution } = claim
    const steps: Step[] = []
    for (const [at, { under, ...save }] of saves.entries()) {
      const added = save.steps.map((writes, more) => ({
        ...stepOf(execution, steps.length + more),
        writes
      }))
      execution = after(execution, added, save, at)
      if (ends && at === saves.length - 1) execution = ended(execution)
      const releases = under === 'a new claim' || under === 'a claim of the peer'
      const given: Claim = under === 'a copy of it' ? { ...claim } : claim
      await store.executions.commit(
        given,
        turnOf(claim, { execution, steps: added, hold: !releases })
      )
      steps.push(...added)
      t.strictSame(await peer.executions.fetch(execution.sid), execution)
      if (!releases) continue
      claim = await claimed(under === 'a new claim' ? store : peer, execution.sid, start)
      t.strictSame(claim.execution, execution)
    }
    t.strictSame(await store.executions.fetchSteps(execution.sid), steps)
  }
  await fc.assert(
    fc.asyncProperty(fc.array(save, { minLength: 1, maxLength: 12 }), fc.boolean(), saveAll),
    { numRuns: 30 }
  )
  await saveAll(
    times(30, at => plain(at)),
    true
  )
}

const after = (
  before: Execution,
  steps: readonly Step[],
  { unrecorded, besides }: Pick<Save, 'unrecorded' | 'besides'>,
  at: number
): Execution => ({
  ...before,
  context: {
    ...applyWrites(before.context, [...steps.flatMap(({ writes }) => writes), ...unrecorded]),
    ...besides
  },
  unrecorded,
  updatedAt: start + at,
  stepCount: before.stepCount + steps.length,
  visitCount: before.visitCount + 1
})

/** A turn of a conversation. */
const plain = (at: number): Save => ({
  steps: [[{ path: ['widgets', `ask_${at % 3}`], value: { Body: `reply ${at} `.repeat(70) } }]],
  unrecorded: [],
  besides: null,
  under: at % 7 === 0 ? 'a claim of the peer' : 'a new claim'
})
