// One LMDB environment; what this file knows about LMDB, no other needs to.
import { join } from 'node:path'
import { type Database as LmdbDatabase, open } from 'lmdb'
import { StoreUnavailable } from '../../runtime/errors.ts'
import { type Memory, makeMemory, type Save } from '../memory/saves.ts'

/** Sorted field by field: numbers before strings, and a key before those that it begins. */
export type Key = (string | number)[]
export type Table = LmdbDatabase<string, Key>

export interface Tables {
  /** All that belongs to one execution, side by side under its SID. */
  readonly records: Table
  readonly due: Table
  readonly lists: Table
  readonly contacts: Table
  readonly idempotency: Table
  readonly flows: Table
  readonly revisions: Table
  readonly testUsers: Table
  readonly notes: Table
}

/** What transactions work with. */
export interface Contents {
  readonly tables: Tables
  readonly memory: Memory<Save>
}

export interface Database extends Contents {
  /**
   * Runs the body alone, and resolves with what it returned once its writes are on the disk. Bodies that
   * wait at the same time share one flush. A body that throws must not have written anything.
   */
  write<T>(body: () => T): Promise<T>
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
  const tables: Tables = {
    records: table('records'),
    due: table('due'),
    lists: table('lists'),
    contacts: table('contacts'),
    idempotency: table('idempotency'),
    flows: table('flows'),
    revisions: table('revisions'),
    testUsers: table('test-users'),
    notes: table('notes')
  }
  let closed: Promise<void> | null = null

  return {
    tables,
    memory: makeMemory(),
    async write(body) {
      if (closed) throw new StoreUnavailable('The embedded store is closed')
      try {
        return await root.transaction(body)
      } catch (error) {
        throw await commitFault(error)
      }
    },
    async read(body) {
      if (closed) throw new StoreUnavailable('The embedded store is closed')
      return body()
    },
    close() {
      closed ??= root.close()
      return closed
    }
  }
}

/** A commit that failed (a full disk, say) wrote nothing; LMDB's error only promises the reason. */
async function commitFault(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error
  const cause = await Promise.resolve(error.commitError).catch((reason: unknown) => reason)
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `The embedded store could not write (${reason}). Is its disk full?`
  return new StoreUnavailable(message, { cause })
}
