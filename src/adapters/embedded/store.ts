import { mkdirSync } from 'node:fs'
import type { Store } from '../../runtime/ports.ts'
import { readFences } from './about.ts'
import { type Database, openDatabase } from './database.ts'
import { embeddedExecutions } from './executions.ts'
import { embeddedFlows } from './flows.ts'
import { embeddedNotes } from './notes.ts'
import { takeOwnership } from './owner.ts'
import { restore } from './pending.ts'

export interface EmbeddedStoreOptions {
  /** Made when it is missing. One process at a time. */
  readonly dir: string
  readonly leaseMs?: number
}

/** A store in a folder of this machine, for one process. Each method resolves when its writes are on the disk. */
export async function openEmbeddedStore({
  dir,
  leaseMs = 30_000
}: EmbeddedStoreOptions): Promise<Store> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const release = await takeOwnership(dir)
  const database = await openRestored(dir).catch(async error => {
    await release()
    throw error
  })
  let closed: Promise<void> | null = null
  return {
    executions: embeddedExecutions(database, leaseMs),
    flows: embeddedFlows(database),
    notes: embeddedNotes(database),
    ping: () => database.write(() => undefined),
    close() {
      closed ??= database.close().finally(release)
      return closed
    }
  }
}

async function openRestored(dir: string): Promise<Database> {
  const database = openDatabase(dir)
  try {
    readFences(database)
    restore(database)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}
