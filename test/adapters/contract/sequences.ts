import fc from 'fast-check'
import type { Test } from 'tap'
import { anyCall, leaseMs } from './calls.ts'
import { type MakeStore, start } from './samples.ts'
import { Sequence } from './sequence.ts'

export async function sequences(t: Test, makeStore: MakeStore): Promise<void> {
  const { store, peer } = await makeStore(t, { leaseMs })
  let now = start

  await t.test('a store and the simplest model of one give the same answers', async () => {
    const anySequence = fc.array(anyCall, { maxLength: 60, size: 'max' })
    await fc.assert(
      fc.asyncProperty(anySequence, async calls => {
        const sequence = new Sequence(store, peer, now)
        try {
          for (const call of calls) await sequence.make(call)
          await sequence.compare()
        } finally {
          now = await sequence.clear()
        }
      }),
      { numRuns: 100 }
    )
  })
}
