// One LMDB environment; what this file and rounds.ts know about LMDB, no other needs to.
import { join } from 'node:path'
import { type Database as LmdbDatabase, open } from 'lmdb'
import { StoreUnavailable } from '../../runtime/errors.ts'
import { type Memory, makeMemory } from '../memory/saves.ts'
import { makeRounds } from './rounds.ts'
import type { Saved } from './saved.ts'
import { makeUnderWay, type UnderWay } from './under-way.ts'

/** Sorted field by field: numbers before strings, and a key before those that it begins. */
export type Key = (string | number)[]
export type Table = LmdbDatabase<string, Key>

export interface Tables {
  /** All that belongs to one execution, side by side under its SID. */
  readonly records: Table
  /** Events that are not consumed and claims that are not let go. Small, and read whole at the start. */
  readonly pending: Table
  readonly due: Table
  readonly lists: Table
  readonly contacts: Table
  readonly idempotency: Table
  readonly flows: Table
  readonly revisions: Table
  readonly testUsers: Table
  readonly notes: Table
}

/** What bodies work with. What they change in memory is undone where their round cannot be written. */
export interface Contents {
  readonly tables: Tables
  /** About the store itself. */
  readonly about: Table
  readonly memory: Memory<Saved>
  readonly underWay: UnderWay
}

export interface Database extends Contents {
  /**
   * Runs the body alone, and resolves with what it returned once its writes are on the disk. Bodies that
   * wait at the same time share one flush. A body that throws must not have written anything. One that
   * touches nothing but what belongs to a single execution says so: that is cheaper.
   */
  write<T>(body: () => T, onlyOf?: string): Promise<T>
  read<T>(body: () => T): Promise<T>
  /** Waits for the writes that are under way. */
  close(): Promise<void>
}

export function openDatabase(dir: string): Database {
  const root = open<string, Key>({
    path: join(dir, 'store.mdb'),
    noSubdir: true,
    // Otherwise a failed commit also rejects a promise of LMDB's own, which nobody could catch.
    eventTurnBatching: false,
    // Otherwise a write would resolve before it is flushed.
    overlappingSync: false
  })
  const table = (name: string): Table => root.openDB({ name, encoding: 'string' })
  const contents: Contents = {
    tables: {
      records: table('records'),
      pending: table('pending'),
      due: table('due'),
      lists: table('lists'),
      contacts: table('contacts'),
      idempotency: table('idempotency'),
      flows: table('flows'),
      revisions: table('revisions'),
      testUsers: table('test-users'),
      notes: table('notes')
    },
    about: table('about'),
    memory: makeMemory(),
    underWay: makeUnderWay()
  }
  const rounds = makeRounds(root, contents)
  let closed: Promise<void> | null = null

  return {
    ...contents,
    async write(body, onlyOf) {
      if (closed) throw new StoreUnavailable('The embedded store is closed')
      return await rounds.run(body, onlyOf)
    },
    async read(body) {
      if (closed) throw new StoreUnavailable('The embedded store is closed')
      return body()
    },
    close() {
      closed ??= rounds.over().then(() => root.close())
      return closed
    }
  }
}
