/**
 * How many calls to one host are under way at once, which is no matter until Twilio says that the account
 * makes too many (https://www.twilio.com/docs/api/errors/20429). It says how many are too many nowhere, so
 * that is found out: half as many from then on, and one more for each round of them that goes well.
 */
export interface Throttle {
  /** Null where a call may go at once, which is nearly always. Each call that entered is `done` or `refused`. */
  enter(): Promise<void> | null
  /** Grows with each slow-down, so that many calls that are refused together count as one. */
  readonly round: number
  done(): void
  /** There were too many in that round. While `pause` lasts, nobody enters. */
  refused(round: number, pause: Promise<void> | null): void
}

interface Waiter {
  readonly enter: () => void
  readonly giveUp: (error: unknown) => void
}

/** `most` are under way at once anyway. */
export function makeThrottle(most: number): Throttle {
  let limit = Number.POSITIVE_INFINITY
  let round = 0
  let underWay = 0
  let pauses = 0
  /** Why those give up who would have to wait. */
  let broken: { readonly reason: unknown } | null = null
  const waiting: Waiter[] = []

  const isOpen = () => pauses === 0 && underWay + 1 <= limit

  function letIn(): void {
    while (waiting.length > 0 && isOpen()) {
      underWay += 1
      waiting.shift()?.enter()
    }
  }

  function leave(): void {
    underWay -= 1
    if (waiting.length > 0) letIn()
  }

  function breakOff(reason: unknown): void {
    broken = { reason }
    for (const { giveUp } of waiting.splice(0)) giveUp(reason)
  }

  function closeWhile(pause: Promise<void>): void {
    pauses += 1
    pause.then(() => {
      pauses -= 1
      letIn()
    }, breakOff)
  }

  return {
    enter() {
      if (waiting.length === 0 && isOpen()) {
        underWay += 1
        return null
      }
      if (broken) return Promise.reject(broken.reason)
      return new Promise((enter, giveUp) => waiting.push({ enter, giveUp }))
    },

    get round() {
      return round
    },

    done() {
      if (limit <= most) limit += 1 / limit
      else limit = Number.POSITIVE_INFINITY
      leave()
    },

    refused(ofRound, pause) {
      if (ofRound === round) {
        limit = Math.max(1, Math.floor(Math.min(underWay, most) / 2))
        round += 1
      }
      if (pause) closeWhile(pause)
      leave()
    }
  }
}
