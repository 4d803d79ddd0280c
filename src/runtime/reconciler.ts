import { NotFound, NotNow, StoreUnavailable } from './errors.ts'
import { fetchFlow } from './flows.ts'
import { reconcileAll } from './reconcile-all.ts'
import {
  coversActive,
  everyActive,
  newReconciliation,
  type Reconciliation,
  type ReconciliationScope
} from './reconciliation.ts'
import {
  reconciliationLeaseMs as leaseMs,
  makeKeeper,
  reconciliationNote as note,
  Superseded
} from './reconciliation-keeper.ts'
import type { Runtime } from './runtime.ts'

/** Compares many executions with what Twilio has; in all processes of a service together, one run at a time. */
export interface Reconciler {
  /** Throws `NotFound`, and `NotNow` while another one runs. It runs on after this resolves. */
  begin(scope: ReconciliationScope): Promise<Reconciliation>
  /** The latest one, if that is its SID. Throws `NotFound`. */
  fetch(sid: string): Promise<Reconciliation>
  /** Looks now and then whether there is one to go on with, or one to begin after the start. */
  start(): void
  /** Resolves when nothing is looked at any more; another process, or the next one, goes on from there. */
  stop(): Promise<void>
}

export interface ReconcilerOptions {
  readonly publicUrl: string
  readonly atStart: boolean
}

const lookEveryMs = 30_000
/** After a start, what was looked at so recently is not looked at again. */
const freshMs = 6 * 60 * 60 * 1000

export function makeReconciler(runtime: Runtime, options: ReconcilerOptions): Reconciler {
  const { notes, clock, ids, logger, executions } = runtime
  const { publicUrl } = options
  const startedAt = clock.now()
  let dueAfterStart = options.atStart
  let open = true
  let looking: Promise<void> | null = null
  let running: Promise<void> | null = null
  let stopLooking = () => {}

  return {
    async begin(scope) {
      await checkScope(scope)
      const run = await take(scope)
      if (run) return run
      const sid = read(await notes.fetchNote(note))?.sid
      throw new NotNow(`Reconciliation ${sid} is running; begin another one when it has ended`)
    },

    async fetch(sid) {
      const latest = read(await notes.fetchNote(note))
      if (latest?.sid === sid) return latest
      throw new NotFound(`There is no reconciliation ${sid}; only the latest one is kept`)
    },

    start() {
      stopLooking = clock.every(lookEveryMs, () => {
        looking ??= look()
          .catch(error => logger.warn({ error }, 'Looking for a reconciliation failed'))
          .finally(() => {
            looking = null
          })
      })
    },

    async stop() {
      open = false
      stopLooking()
      await looking
      await running
    }
  }

  /** Goes on with one that its process left, or begins the one that is due after a start. */
  async function look(): Promise<void> {
    if (running) return
    const text = await notes.fetchNote(note)
    const latest = read(text)
    if (latest?.status === 'running') {
      if (latest.leaseUntil < clock.now()) await goOn(latest, text)
      return
    }
    if (!dueAfterStart) return
    if ((latest && isFresh(latest)) || (await take(everyActive))) dueAfterStart = false
  }

  function isFresh(latest: Reconciliation): boolean {
    const { startedAt: begun, endedAt, publicUrl: ledTo } = latest
    const recent = ledTo === publicUrl && clock.now() - (endedAt ?? 0) < freshMs
    return coversActive(latest) && (begun > startedAt || recent)
  }

  async function checkScope({ flowSid, executionSid }: ReconciliationScope): Promise<void> {
    if (flowSid !== null) await fetchFlow(runtime, flowSid)
    if (executionSid === null) return
    const execution = await executions.fetch(executionSid)
    if (!execution || (flowSid !== null && execution.flowSid !== flowSid))
      throw new NotFound(`There is no execution ${executionSid}`)
  }

  /** Null where another one runs. */
  async function take(scope: ReconciliationScope): Promise<Reconciliation | null> {
    for (;;) {
      const before = await notes.fetchNote(note)
      const latest = read(before)
      const now = clock.now()
      if (!open || (latest?.status === 'running' && latest.leaseUntil >= now)) return null
      const given = { publicUrl, startedAt: now, leaseUntil: now + leaseMs }
      const run = newReconciliation(scope, { sid: `RC${ids.random()}`, ...given })
      if (await begun(before, run)) return run
    }
  }

  async function goOn(left: Reconciliation, before: string | null): Promise<void> {
    // Where webhooks lead to another address now, those looked at so far are no longer in order.
    const progress = left.publicUrl === publicUrl ? left.progress : null
    await begun(before, { ...left, publicUrl, progress, leaseUntil: clock.now() + leaseMs })
  }

  /** False where somebody else was faster; otherwise it runs from here on. */
  async function begun(before: string | null, run: Reconciliation): Promise<boolean> {
    if (!(await notes.replaceNote(note, before, JSON.stringify(run)))) return false
    running = carryOut(run).finally(() => {
      running = null
    })
    return true
  }

  async function carryOut(first: Reconciliation): Promise<void> {
    const { sid: reconciliation, scope, dryRun } = first
    logger.info({ reconciliation, scope, dryRun }, 'Reconciling executions with Twilio')
    const keeper = makeKeeper(runtime, first)
    // A renewal that fails is noticed by the next save.
    const stopRenewing = clock.every(leaseMs / 4, () => void keeper.keep({}).catch(() => {}))
    try {
      await reconcileAll(runtime, keeper, () => open)
      if (!open) return await keeper.keep({ leaseUntil: 0 })
      await keeper.end('completed', null)
      const { examined, found, done } = keeper.run
      logger.info({ reconciliation, examined, found, done }, 'Reconciled')
    } catch (error) {
      if (error instanceof Superseded) return
      logger.error({ error, reconciliation }, 'A reconciliation broke off')
      // A store that is away will be back, and the lease will have ended then.
      if (error instanceof StoreUnavailable) return
      await keeper.end('failed', (error as Error).message).catch(() => {})
    } finally {
      stopRenewing()
    }
  }
}

const read = (text: string | null): Reconciliation | null =>
  text === null ? null : JSON.parse(text)
