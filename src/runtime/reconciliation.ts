import type { Done, Finding, Found } from './findings.ts'
import type { Position } from './ports.ts'

/** What one reconciliation is about. */
export interface ReconciliationScope {
  /** `all` looks at ended executions too. */
  readonly scope: 'active' | 'all'
  readonly dryRun: boolean
  /** Only this flow's executions, or only this one. */
  readonly flowSid: string | null
  readonly executionSid: string | null
}

/** A look at many executions: how far it is, and what came of it. Kept as a note, so any process can tell, and go on. */
export interface Reconciliation extends ReconciliationScope {
  readonly sid: string
  readonly status: 'running' | 'completed' | 'failed'
  /** Where webhooks had to lead to. */
  readonly publicUrl: string
  readonly startedAt: number
  readonly updatedAt: number
  readonly endedAt: number | null
  /** Until then nobody else goes on with it. */
  readonly leaseUntil: number
  readonly progress: Progress | null
  readonly examined: number
  readonly found: Readonly<Partial<Record<Found, number>>>
  readonly done: Readonly<Partial<Record<Done, number>>>
  /** The first of them. */
  readonly findings: readonly Finding[]
  /** Why it broke off. */
  readonly error: string | null
}

/** Executions before this place have been looked at; flows are taken in the order of their SIDs. */
export interface Progress {
  readonly flowSid: string
  readonly older: Position | null
}

/** Beyond these, findings are counted and not kept. */
const keptFindings = 500

export function newReconciliation(
  scope: ReconciliationScope,
  given: Pick<Reconciliation, 'sid' | 'publicUrl' | 'startedAt' | 'leaseUntil'>
): Reconciliation {
  return {
    ...scope,
    ...given,
    status: 'running',
    updatedAt: given.startedAt,
    endedAt: null,
    progress: null,
    examined: 0,
    found: {},
    done: {},
    findings: [],
    error: null
  }
}

export function withFindings(
  reconciliation: Reconciliation,
  examined: number,
  findings: readonly Finding[]
): Reconciliation {
  return {
    ...reconciliation,
    examined: reconciliation.examined + examined,
    found: counted(reconciliation.found, findings, ({ found }) => found),
    done: counted(reconciliation.done, findings, ({ done }) => done),
    findings: [...reconciliation.findings, ...findings].slice(0, keptFindings)
  }
}

function counted<Word extends string>(
  before: Readonly<Partial<Record<Word, number>>>,
  findings: readonly Finding[],
  wordOf: (finding: Finding) => Word
): Readonly<Partial<Record<Word, number>>> {
  const counts: Partial<Record<Word, number>> = { ...before }
  for (const finding of findings) counts[wordOf(finding)] = (counts[wordOf(finding)] ?? 0) + 1
  return counts
}

/** Looks at every active execution, and puts right what it finds. */
export const everyActive: ReconciliationScope = {
  scope: 'active',
  dryRun: false,
  flowSid: null,
  executionSid: null
}

/** True where this one did, or will do, all that one of every active execution would. */
export const coversActive = ({ dryRun, flowSid, executionSid, status }: Reconciliation): boolean =>
  !dryRun && flowSid === null && executionSid === null && status !== 'failed'
