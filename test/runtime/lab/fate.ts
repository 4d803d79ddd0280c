// Which call goes wrong, and how.

/** How a call goes wrong: before it has done anything, or after, when only the answer is missing. */
export type Manner =
  /** An error comes back. */
  | 'fails before'
  | 'fails after'
  /** The process is killed. */
  | 'dies before'
  | 'dies after'
  /** The process stands still, longer than its lease, and goes on when another one has done its work. */
  | 'sleeps before'

/** A call that is made: the store's method, Twilio's resource, or a server that the flow calls. */
export interface Point {
  /** `any` stands for all. */
  readonly call: string
  /** Counts the calls of this kind, from 0. */
  readonly nth: number
}

export interface Misfortune extends Point {
  readonly manner: Manner
}

/** Sees every call pass, and knows which of them go wrong. */
export interface Fate {
  /** Forgets all, and counts from 0 again; from here on these are to happen. */
  plan(misfortunes: readonly Misfortune[]): void
  /** A call is about to be made; the answer knows what becomes of it. */
  pass(call: string): Passing
  readonly points: readonly Point[]
  /** Those planned that have not happened. */
  readonly pending: readonly Misfortune[]
}

export interface Passing {
  /** True where it goes wrong so, once. */
  is(manner: Manner): boolean
  /** Nobody would have noticed this call; it counts as none. */
  unnoticed(): void
}

export function makeFate(): Fate {
  let pending: Misfortune[] = []
  let points: Point[] = []
  const counts = new Map<string, number>()

  return {
    plan(misfortunes) {
      pending = [...misfortunes]
      points = []
      counts.clear()
    },

    pass(call) {
      const nth = counts.get(call) ?? 0
      const nthOfAll = counts.get('any') ?? 0
      counts.set(call, nth + 1).set('any', nthOfAll + 1)
      const point = { call, nth }
      points.push(point)
      return {
        is(manner) {
          const found = pending.find(
            planned =>
              planned.manner === manner &&
              ((planned.call === call && planned.nth === nth) ||
                (planned.call === 'any' && planned.nth === nthOfAll))
          )
          pending = pending.filter(planned => planned !== found)
          return found !== undefined
        },
        unnoticed() {
          points = points.filter(other => other !== point)
        }
      }
    },

    get points() {
      return points
    },

    get pending() {
      return pending
    }
  }
}
