// The first turns of REST triggers. Their callers have had their answer, so nobody waits for these turns here,
// and a burst of triggers can be taken in before its turns are run.
import type { Claim, Clock } from './ports.ts'

/** So many keep a process busy where Twilio is fast; more would keep it from taking in what comes meanwhile. */
const atOnce = 16
/**
 * Where Twilio is slow they are no burden: one counts until the process has been idle for so long since it began,
 * or else, as others must get their turn, until it is so old.
 */
const idleMs = 5
const oldMs = 1000
/** Of all turns that a process may run. The rest is for webhooks, should first turns wait for Twilio for long. */
const share = 0.8

export interface FirstTurns {
  /** How many more of them may begin now. */
  room(): number
  /** Keeps room for claims that are being made; to be given back once those have begun, or came to nothing. */
  keep(count: number): () => void
  /** What is no first turn of a REST trigger counts for nothing. */
  begun(claim: Claim): void
  over(claim: Claim): void
}

export function makeFirstTurns(
  clock: Pick<Clock, 'elapsed' | 'idle'>,
  maxTurns: number
): FirstTurns {
  const most = Math.max(1, Math.floor(maxTurns * share))
  /** When those that count began, which is the order in which they stop counting. */
  const counting = new Map<Claim, { readonly elapsed: number; readonly idle: number }>()
  let underWay = 0
  let kept = 0
  const moment = () => ({ elapsed: clock.elapsed(), idle: clock.idle() })

  return {
    room() {
      const now = moment()
      for (const [claim, began] of counting) {
        if (now.idle - began.idle < idleMs && now.elapsed - began.elapsed < oldMs) break
        counting.delete(claim)
      }
      return Math.min(atOnce - counting.size, most - underWay) - kept
    },
    keep(count) {
      kept += count
      return () => {
        kept -= count
      }
    },
    begun(claim) {
      if (!isFirst(claim)) return
      counting.set(claim, moment())
      underWay += 1
    },
    over(claim) {
      if (!isFirst(claim)) return
      counting.delete(claim)
      underWay -= 1
    }
  }
}

const isFirst = ({ execution: { triggeredBy, visitCount, status } }: Claim): boolean =>
  triggeredBy === 'incomingRequest' && visitCount === 0 && status === 'active'
