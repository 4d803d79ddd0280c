/** Ends what was started within it, the last first; a test of tap is one too. */
export interface Scope {
  teardown(end: () => unknown): void
}

export function makeScope(): Scope & { end(): Promise<void> } {
  const ends: (() => unknown)[] = []
  return {
    teardown: end => ends.push(end),
    async end() {
      for (let last = ends.pop(); last; last = ends.pop()) await last()
    }
  }
}

/** Whoever interrupts a run wants no processes left behind. */
export function leaveCleanly(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
}
