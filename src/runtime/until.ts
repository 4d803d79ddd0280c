import type { Execution } from '../engine/execution.ts'
import { NotFound, NotNow } from './errors.ts'
import type { Runtime } from './runtime.ts'

const patienceMs = 30_000

/**
 * Waits until an execution shows what the caller looks for, and answers that. Whoever runs its turn may be
 * this process or another one, so it is read again and again, ever more slowly. Throws `NotNow` when it
 * takes too long.
 */
export async function until<T>(
  { executions, clock }: Pick<Runtime, 'executions' | 'clock'>,
  sid: string,
  look: (execution: Execution) => T | null | Promise<T | null>
): Promise<T> {
  const giveUpAt = clock.now() + patienceMs
  for (let pause = 5; ; pause = Math.min(pause * 2, 500)) {
    const execution = await executions.fetch(sid)
    if (!execution) throw new NotFound(`There is no execution ${sid}`)
    const found = await look(execution)
    if (found !== null) return found
    if (clock.now() > giveUpAt) {
      throw new NotNow(
        `Execution ${sid} is still busy with a turn; what you asked for will be done after it`
      )
    }
    await clock.sleep(pause)
  }
}
