import { CallFailed } from './errors.ts'
import type { Clock } from './ports.ts'

const attempts = 5
const firstPauseMs = 500

interface Doing<T> {
  /** What there is, if it has been done; null if not. */
  readonly look: () => Promise<T | null>
  readonly act: () => Promise<T>
}

/** Acts at most once: looks first where it may have happened already, and again after an unknown outcome. */
export async function once<T>(
  { clock }: { readonly clock: Clock },
  lookFirst: boolean,
  { look, act }: Doing<T>
): Promise<T> {
  for (let attempt = 1, looking = lookFirst; ; attempt++, looking = true) {
    const done = looking ? await look() : null
    if (done !== null) return done
    try {
      return await act()
    } catch (error) {
      const unknown = error instanceof CallFailed && error.failure.outcome === 'unknown'
      if (!unknown || attempt === attempts) throw error
      await clock.sleep(firstPauseMs * 2 ** (attempt - 1))
    }
  }
}
