import type { Finding } from './findings.ts'
import type { Clock, NoteStore } from './ports.ts'
import { type Reconciliation, withFindings } from './reconciliation.ts'

export const reconciliationNote = 'reconciliation'
export const reconciliationLeaseMs = 60_000

/** Somebody else has taken the reconciliation over; whatever is still to be saved is theirs to save. */
export class Superseded extends Error {
  override readonly name = 'Superseded'
}

/** Saves what has come of a reconciliation so far, one save after the other, and keeps its lease. */
export interface Keeper {
  readonly run: Reconciliation
  /** Kept in mind, and saved with the next change. */
  add(examined: number, findings: readonly Finding[]): void
  /** Throws `Superseded`. */
  keep(change: Partial<Reconciliation>): Promise<void>
  end(status: 'completed' | 'failed', error: string | null): Promise<void>
}

export function makeKeeper(
  { notes, clock }: { readonly notes: NoteStore; readonly clock: Clock },
  first: Reconciliation
): Keeper {
  let run = first
  let before = JSON.stringify(first)
  let saving: Promise<unknown> = Promise.resolve()

  const keep: Keeper['keep'] = change => {
    const now = clock.now()
    run = { ...run, updatedAt: now, leaseUntil: now + reconciliationLeaseMs, ...change }
    const text = JSON.stringify(run)
    const saved = saving.then(async () => {
      if (!(await notes.replaceNote(reconciliationNote, before, text))) throw new Superseded()
      before = text
    })
    saving = saved.catch(() => {})
    return saved
  }

  return {
    get run() {
      return run
    },
    add(examined, findings) {
      run = withFindings(run, examined, findings)
    },
    keep,
    end: (status, error) => keep({ status, error, endedAt: clock.now(), progress: null })
  }
}
