import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../src/runtime/ports.ts'
import { held, message, start, stepOf, times, turnOf } from './contract/samples.ts'

/** What the store has acknowledged of one execution. */
interface Acknowledged {
  readonly sid: string
  delivered: boolean
  committed: boolean
}

/** Creates, delivers and commits until it is told to stop, whatever goes wrong meanwhile. */
export function startWork(store: Store, workers = 24) {
  const acknowledged: Acknowledged[] = []
  const faults: unknown[] = []
  let stopped = false

  async function work(worker: number): Promise<void> {
    for (let round = 0; !stopped; round++) {
      try {
        const claim = await held(store, { to: `+${worker} ${round}` })
        const { sid } = claim.execution
        const entry = { sid, delivered: false, committed: false }
        acknowledged.push(entry)
        await store.executions.deliver(sid, message('IM1'), { now: start, claim: true })
        entry.delivered = true
        const steps = [stepOf(claim.execution, 1)]
        await store.executions.commit(claim, turnOf(claim, { steps }))
        entry.committed = true
      } catch (error) {
        faults.push(error)
        await sleep(20)
      }
    }
  }
  const done = Promise.all(times(workers, work))

  return {
    acknowledged,
    faults,
    /** How many went all the way. */
    finished: () => acknowledged.filter(({ committed }) => committed).length,
    stop() {
      stopped = true
      return done
    }
  }
}

/** What is not as it was acknowledged. */
export async function lostOf(
  { executions }: Store,
  acknowledged: readonly Acknowledged[]
): Promise<string[]> {
  const lost = await Promise.all(
    acknowledged.map(async ({ sid, delivered, committed }) => {
      if ((await executions.fetch(sid)) === null) return [`${sid} is not there`]
      const again = await executions.deliver(sid, message('IM1'), { now: start, claim: false })
      const steps = await executions.fetchSteps(sid)
      return [
        ...(delivered && again.outcome !== 'duplicate' ? [`${sid} has lost its message`] : []),
        ...(committed && steps.length !== 1 ? [`${sid} has ${steps.length} steps`] : [])
      ]
    })
  )
  return lost.flat()
}

/** For those who wait until there are so many. */
export function atLeast(wanted: number, count: number): void {
  if (count < wanted) throw new Error(`There are ${count}, not yet ${wanted}`)
}
