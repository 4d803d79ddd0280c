export interface Random {
  /** From 0 up to, but not including, 1. */
  next(): number
  chance(probability: number): boolean
  between(least: number, most: number): number
  pick<T>(list: readonly T[]): T | undefined
}

/** The same seed makes the same choices (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  return {
    next,
    chance: probability => next() < probability,
    between: (least, most) => least + next() * (most - least),
    pick: list => list[Math.floor(next() * list.length)]
  }
}
