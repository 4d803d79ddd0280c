import type { Execution } from '../engine/execution.ts'
import type { Position } from './ports.ts'
import { reconcileExecution } from './reconcile.ts'
import type { Progress } from './reconciliation.ts'
import type { Keeper } from './reconciliation-keeper.ts'
import type { Runtime } from './runtime.ts'

/** Looked at side by side; few, so that live turns hardly notice. */
const atOnce = 8
/** Between two pages the progress is saved. */
const pageSize = 96
/** So many in a row that Twilio would not show: the others will be no better. */
const patience = 24

/** Goes through the executions of a reconciliation, from where it stands, for as long as `goesOn` says so. */
export async function reconcileAll(
  runtime: Runtime,
  keeper: Keeper,
  goesOn: () => boolean
): Promise<void> {
  const { executionSid, scope, flowSid, progress } = keeper.run
  if (executionSid !== null) {
    const execution = await runtime.executions.fetch(executionSid)
    return reconcilePage(runtime, keeper, execution ? [execution] : [], goesOn)
  }
  for (const sid of await flowSids(runtime, flowSid, progress)) {
    let older: Position | null = progress?.flowSid === sid ? progress.older : null
    do {
      const page = await runtime.executions.list({
        flowSid: sid,
        ...(scope === 'active' && { status: 'active' }),
        ...(older && { older }),
        limit: pageSize
      })
      await reconcilePage(runtime, keeper, page, goesOn)
      if (!goesOn()) return
      const last = page.length === pageSize ? page.at(-1) : undefined
      older = last ? { createdAt: last.createdAt, sid: last.sid } : null
      await keeper.keep({ progress: { flowSid: sid, older: older ?? theEnd } })
    } while (older)
  }
}

/** After the oldest execution of a flow. */
const theEnd: Position = { createdAt: 0, sid: '' }

/** In one order whoever goes on with it, and flows that come and go meanwhile. */
async function flowSids(
  { flows }: Runtime,
  only: string | null,
  progress: Progress | null
): Promise<string[]> {
  if (only !== null) return [only]
  const sids = (await flows.store.listFlows()).map(({ flowSid }) => flowSid).sort()
  return progress ? sids.filter(sid => sid >= progress.flowSid) : sids
}

async function reconcilePage(
  runtime: Runtime,
  keeper: Keeper,
  page: readonly Execution[],
  goesOn: () => boolean
): Promise<void> {
  const { dryRun } = keeper.run
  let unreadable = 0
  for (let at = 0; at < page.length && goesOn(); at += atOnce) {
    const some = page.slice(at, at + atOnce)
    const each = await Promise.all(
      some.map(execution => reconcileExecution(runtime, execution, { dryRun }))
    )
    keeper.add(some.length, each.flat())
    const inVain = each.every(findings => findings.some(({ found }) => found === 'unreadable'))
    unreadable = inVain ? unreadable + some.length : 0
    if (unreadable >= patience)
      throw new Error(`Twilio cannot be read: ${each.flat().at(-1)?.reason}`)
  }
}
