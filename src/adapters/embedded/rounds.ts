// Bodies that wait at the same time are a round: they run one after another and are written with one flush.
import { setImmediate } from 'node:timers/promises'
import type { RootDatabase } from 'lmdb'
import { StoreUnavailable } from '../../runtime/errors.ts'
import type { Contents, Key } from './database.ts'
import { keepRound, undoRound } from './under-way.ts'

export interface Rounds {
  run<T>(body: () => T, onlyOf?: string): Promise<T>
  /** Resolves when none is under way. */
  over(): Promise<void>
}

interface Task {
  readonly onlyOf: string | undefined
  /** Answers how to tell what came of it, once that is on the disk. */
  readonly run: () => () => void
  readonly reject: (error: unknown) => void
}

export function makeRounds(root: RootDatabase<string, Key>, contents: Contents): Rounds {
  let waiting: Task[] = []
  let running: Promise<void> | null = null

  return {
    run: (body, onlyOf) =>
      new Promise((resolve, reject) => {
        waiting.push({ onlyOf, run: () => outcomeOf(body, resolve, reject), reject })
        running ??= runAll()
      }),
    over: async () => {
      await running
    }
  }

  /** One after another: what a round reads of the disk, earlier ones have written. */
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

  async function runRound(round: readonly Task[]): Promise<void> {
    let outcomes: (() => void)[] = []
    const runBodies = () => {
      outcomes = round.map(({ run }) => run())
    }
    try {
      // Those that share nothing need not see each other's writes; then LMDB's own thread does the writing.
      await (areApart(round) ? root.batch(runBodies) : root.transaction(runBodies))
      keepRound(contents)
    } catch (error) {
      undoRound(contents)
      const fault = await commitFault(error)
      for (const { reject } of round) reject(fault)
      return
    }
    for (const tell of outcomes) tell()
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

function areApart(round: readonly Task[]): boolean {
  const sids = new Set(round.map(({ onlyOf }) => onlyOf))
  return sids.size === round.length && !sids.has(undefined)
}

/** A commit that failed (a full disk, say) wrote nothing; LMDB's error only promises the reason. */
async function commitFault(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error
  const cause = await Promise.resolve(error.commitError).catch((reason: unknown) => reason)
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `The embedded store could not write (${reason}). Is its disk full?`
  return new StoreUnavailable(message, { cause })
}
