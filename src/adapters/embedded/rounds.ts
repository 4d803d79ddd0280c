// Bodies that wait at the same time are a round: they run one after another, and one flush is for all of them.
import { setImmediate } from 'node:timers/promises'
import { type Changes, keep, takeBack, wholeOrNothing } from './changes.ts'
import { faultOf } from './fault.ts'
import { headerSize, type Journal } from './journal.ts'
import { roundBytes } from './round-bytes.ts'
import type { Settling } from './settling.ts'

export interface Rounds {
  run<T>(body: () => T): Promise<T>
  /** Resolves when none is under way. */
  over(): Promise<void>
}

interface Task {
  /** Answers how to tell what came of it, once that is on the disk. */
  readonly run: () => () => void
  readonly reject: (error: unknown) => void
}

export function makeRounds(changes: Changes, journal: Journal, settling: Settling): Rounds {
  let waiting: Task[] = []
  let running: Promise<void> | null = null

  return {
    run: body =>
      new Promise((resolve, reject) => {
        const run = () => outcomeOf(() => wholeOrNothing(changes, body), resolve, reject)
        waiting.push({ run, reject })
        running ??= runAll()
      }),
    over: async () => {
      await running
    }
  }

  async function runAll(): Promise<void> {
    while (waiting.length > 0) {
      // A flush costs more than what is in it, so all that this turn of the event loop brings shares one.
      await setImmediate()
      const round = waiting
      waiting = []
      await runRound(round)
    }
    running = null
  }

  /** Those that only read wait as well: what they have seen may be of this round. */
  async function runRound(round: readonly Task[]): Promise<void> {
    try {
      await settling.makeRoom()
      const outcomes = round.map(({ run }) => run())
      if (changes.rows.length > 0) await journal.append(roundBytes(changes.rows, headerSize))
      keep(changes)
      for (const tell of outcomes) tell()
    } catch (error) {
      takeBack(changes)
      const fault = await faultOf(error)
      for (const { reject } of round) reject(fault)
    }
  }
}

function outcomeOf<T>(
  body: () => T,
  resolve: (value: T) => void,
  reject: (error: unknown) => void
): () => void {
  try {
    const value = body()
    return () => resolve(value)
  } catch (error) {
    return () => reject(error)
  }
}
