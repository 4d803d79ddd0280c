// The folder of one store: an LMDB environment, and a journal of what LMDB is still to be told.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { open } from 'lmdb'
import { StoreUnavailable } from '../../runtime/errors.ts'
import { type Memory, makeMemory } from '../memory/saves.ts'
import { checkFormat } from './about.ts'
import { type Changes, makeChanges } from './changes.ts'
import { faultOf } from './fault.ts'
import { forgetJournal, type Journal, openJournal } from './journal.ts'
import { makeRounds } from './rounds.ts'
import type { Saved } from './saved.ts'
import { makeSettling, recover } from './settling.ts'
import { journaled, type Key, type LmdbTable, type Table } from './table.ts'
import { makeUnderWay, type UnderWay } from './under-way.ts'

export interface Tables {
  /** All that belongs to one execution, side by side under its SID. */
  readonly records: Table
  /** Events that are not consumed and claims that are not let go. Small, and read whole at the start. */
  readonly pending: Table
  readonly due: Table
  readonly lists: Table
  readonly contacts: Table
  readonly idempotency: Table
  /** Written seldom, and so without the journal. */
  readonly flows: LmdbTable
  readonly revisions: LmdbTable
  readonly testUsers: LmdbTable
  readonly notes: LmdbTable
}

/** What calls about executions work with. What they change in memory they can take back: see `changes`. */
export interface Contents {
  readonly tables: Tables
  /** About the store itself. */
  readonly about: Table
  readonly memory: Memory<Saved>
  readonly underWay: UnderWay
  readonly changes: Changes
}

export interface Database extends Contents {
  /**
   * Runs the body alone, and resolves with what it returned once all that it has read or written is on the
   * disk. Bodies that wait at the same time share one flush. One that throws has written nothing.
   */
  write<T>(body: () => T): Promise<T>
  /** The same for the tables without journal. A body that throws must not have written anything. */
  transaction<T>(body: () => T): Promise<T>
  read<T>(body: () => T): Promise<T>
  /** Waits for the writes that are under way. */
  close(): Promise<void>
}

export function openDatabase(dir: string): Database {
  const path = join(dir, 'store.mdb')
  // Who took that away wants to begin anew.
  if (!existsSync(path)) forgetJournal(dir)
  const root = open<string, Key>({
    path,
    noSubdir: true,
    // Otherwise a failed commit also rejects a promise of LMDB's own, which nobody could catch.
    eventTurnBatching: false,
    // Otherwise a write would resolve before it is flushed.
    overlappingSync: false
  })
  const changes = makeChanges()
  const table = (name: string): LmdbTable => root.openDB({ name, encoding: 'string' })
  const withJournal = (name: string) =>
    journaled(name, root.openDB<string | Buffer, Key>({ name, encoding: 'string' }), changes)
  const executionTables = {
    records: withJournal('records'),
    pending: withJournal('pending'),
    due: withJournal('due'),
    lists: withJournal('lists'),
    contacts: withJournal('contacts'),
    idempotency: withJournal('idempotency')
  }
  const tables: Tables = {
    ...executionTables,
    flows: table('flows'),
    revisions: table('revisions'),
    testUsers: table('test-users'),
    notes: table('notes')
  }
  const aboutLmdb = table('about')
  const about = withJournal('about')
  const lmdb = { root, about: aboutLmdb, tables: [...Object.values(executionTables), about] }
  const journal = takeUpJournal()
  const settling = makeSettling(lmdb, journal)
  const rounds = makeRounds(changes, journal, settling)
  let closed: Promise<void> | null = null

  function takeUpJournal(): Journal {
    try {
      checkFormat({ tables: [tables.records, tables.flows, tables.notes], about: aboutLmdb }, dir)
      return openJournal(dir, recover(lmdb, dir) + 1)
    } catch (error) {
      root.close()
      throw error
    }
  }

  function checkOpen(): void {
    if (closed) throw new StoreUnavailable('The embedded store is closed')
  }

  /** What cannot be settled stays in the journal. */
  async function close(): Promise<void> {
    await rounds.over()
    await settling.finish().then(journal.remove, journal.close)
    await root.close()
  }

  return {
    tables,
    about,
    memory: makeMemory(),
    underWay: makeUnderWay(),
    changes,
    write: async body => {
      checkOpen()
      return rounds.run(body)
    },
    async transaction(body) {
      checkOpen()
      try {
        return await root.transaction(body)
      } catch (error) {
        throw error instanceof Error && 'commitError' in error ? await faultOf(error) : error
      }
    },
    async read(body) {
      checkOpen()
      return body()
    },
    close() {
      closed ??= close()
      return closed
    }
  }
}
