// What the journal has goes into LMDB now and then, many rounds at once: of a row that changed often only the last.
import type { RootDatabase } from 'lmdb'
import { faultOf } from './fault.ts'
import { type Journal, readJournal } from './journal.ts'
import { readRound } from './round-bytes.ts'
import type { JournaledTable, Key, LmdbTable } from './table.ts'

export interface Settling {
  /** To be called between two rounds. Throws where there is no room for another one. */
  makeRoom(): Promise<void>
  /** Everything, where no round can come any more. */
  finish(): Promise<void>
}

export interface Lmdb {
  readonly root: RootDatabase<string, Key>
  readonly tables: readonly JournaledTable[]
  readonly about: LmdbTable
}

/** Of the journal: small enough that nobody waits for it, large enough that the same rows come again. */
const enough = 4_000_000
/** Only where LMDB cannot write. */
const most = 64_000_000

const settledKey: Key = ['settled']

export function makeSettling({ root, tables, about }: Lmdb, journal: Journal): Settling {
  let underWay: Promise<void> | null = null
  /** LMDB lacks the generation before this one as well, so that this one must go on. */
  let isBehind = false
  let nextAt = enough

  function settle(): Promise<void> {
    underWay ??= settleOnce().finally(() => {
      underWay = null
      nextAt = journal.size + enough
    })
    return underWay
  }

  async function settleOnce(): Promise<void> {
    const taken = tables.map(table => ({ table, rows: table.changed() }))
    if (!isBehind) journal.turn()
    isBehind = true
    const generation = journal.generation - 1
    try {
      await root.batch(() => {
        for (const { table, rows } of taken) table.putIntoLmdb(rows)
        about.put(settledKey, String(generation))
      })
    } catch (error) {
      throw await faultOf(error)
    }
    isBehind = false
    for (const { table, rows } of taken) table.settled(rows)
  }

  return {
    async makeRoom() {
      if (journal.size >= most) await settle()
      // Where that fails the journal still has everything, and it is tried again.
      else if (journal.size >= nextAt) settle().catch(() => {})
    },
    async finish() {
      await underWay?.catch(() => {})
      await settle()
    }
  }
}

/** Brings LMDB up to where the journal of a process that is gone ends; answers the last generation. */
export function recover({ root, tables, about }: Lmdb, dir: string): number {
  const settled = Number(about.get(settledKey) ?? '0')
  const told = readJournal(dir).filter(({ generation }) => generation > settled)
  const last = told.at(-1)?.generation ?? settled
  if (last === settled) return last
  root.transactionSync(() => {
    for (const row of told.flatMap(({ rounds }) => rounds).flatMap(round => [...readRound(round)]))
      tables.find(({ name }) => name === row.table)?.putIntoLmdb([row])
    about.put(settledKey, String(last))
  })
  return last
}
