import { parseFlow } from '../flow/parse.ts'
import { BadRequest, InvalidFlow, NotFound } from './errors.ts'
import { ensureEnded } from './executions.ts'
import type { FlowRevision, RevisionChoice } from './ports.ts'
import type { Runtime } from './runtime.ts'

/** A change to a flow; what is not given stays as it is. */
export interface FlowChange {
  readonly friendlyName?: string
  readonly status: FlowRevision['status']
  /** JSON text, or the value itself. */
  readonly definition?: unknown
  readonly commitMessage?: string
  readonly authorSid?: string
}

/** Saves a new flow and its first revision. Throws `InvalidFlow` where a faulty one is to be published. */
export const createFlow = (runtime: Runtime, change: FlowChange): Promise<FlowRevision> =>
  saveRevision(runtime, `FW${runtime.ids.random()}`, change)

/** Saves one more revision of a flow that exists. Throws `NotFound`. */
export async function updateFlow(
  runtime: Runtime,
  flowSid: string,
  change: FlowChange
): Promise<FlowRevision> {
  await fetchFlow(runtime, flowSid)
  return saveRevision(runtime, flowSid, change)
}

/** Creates or replaces the flow of a given SID: flows that call each other name their SIDs. */
export const putFlow = (
  runtime: Runtime,
  flowSid: string,
  change: FlowChange
): Promise<FlowRevision> => saveRevision(runtime, flowSid, change)

/** Publishes a definition under a given SID, unless it is published already, just like that. */
export async function publishFlow(
  runtime: Runtime,
  flowSid: string,
  friendlyName: string,
  definition: string
): Promise<{ revision: FlowRevision; saved: boolean }> {
  validateFlow(runtime, definition)
  const current = await runtime.flows.store.fetchRevision(flowSid, 'LatestPublished')
  const same = JSON.stringify(current?.definition) === JSON.stringify(JSON.parse(definition))
  if (current && same) return { revision: current, saved: false }
  const change = { friendlyName, status: 'published', definition } as const
  return { revision: await putFlow(runtime, flowSid, change), saved: true }
}

/** Throws `InvalidFlow` with every fault of a definition; saves nothing. */
export function validateFlow(runtime: Runtime, definition: unknown): void {
  const parsed = parseFlow(definition, runtime.flows.catalog)
  if (!parsed.ok) throw new InvalidFlow(parsed.faults)
}

export async function fetchFlow(
  { flows }: Runtime,
  flowSid: string,
  choice: RevisionChoice = 'LatestRevision'
): Promise<FlowRevision> {
  const found = await flows.store.fetchRevision(flowSid, choice)
  if (!found)
    throw new NotFound(
      `There is no flow ${flowSid}${choice === 'LatestRevision' ? '' : `, revision ${choice}`}`
    )
  return found
}

/** Deletes a flow. Its active executions end first, with all their teardown. */
export async function deleteFlow(runtime: Runtime, flowSid: string): Promise<void> {
  await fetchFlow(runtime, flowSid)
  for (;;) {
    const active = await runtime.executions.list({ flowSid, status: 'active', limit: 50 })
    if (active.length === 0) break
    await Promise.all(active.map(({ sid }) => ensureEnded(runtime, sid, 'api')))
  }
  await runtime.flows.store.removeFlow(flowSid)
  runtime.flows.refresh(flowSid)
}

/** The people who get drafts. Throws `NotFound`. */
export async function fetchTestUsers(
  runtime: Runtime,
  flowSid: string
): Promise<readonly string[]> {
  await fetchFlow(runtime, flowSid)
  return runtime.flows.store.fetchTestUsers(flowSid)
}

export async function saveTestUsers(
  runtime: Runtime,
  flowSid: string,
  addresses: readonly string[]
): Promise<readonly string[]> {
  await fetchFlow(runtime, flowSid)
  await runtime.flows.store.saveTestUsers(flowSid, addresses)
  runtime.flows.refresh(flowSid)
  return addresses
}

async function saveRevision(
  runtime: Runtime,
  flowSid: string,
  change: FlowChange
): Promise<FlowRevision> {
  const { flows, clock } = runtime
  for (;;) {
    const latest = await flows.store.fetchRevision(flowSid, 'LatestRevision')
    const revision = nextRevision(flowSid, latest, change, clock.now(), flows.catalog)
    // Refused only when somebody else saved at the same moment: then theirs is the latest.
    if (await flows.store.saveRevision(revision)) {
      flows.refresh(flowSid)
      return revision
    }
  }
}

function nextRevision(
  flowSid: string,
  latest: FlowRevision | null,
  change: FlowChange,
  now: number,
  catalog: Runtime['flows']['catalog']
): FlowRevision {
  const friendlyName = change.friendlyName ?? latest?.friendlyName
  if (friendlyName === undefined) throw new BadRequest('A new flow needs a FriendlyName')
  if (change.definition === undefined && !latest)
    throw new BadRequest('A new flow needs a Definition')
  const source = change.definition ?? latest?.definition
  const parsed = parseFlow(source, catalog)
  const faults = parsed.ok ? [] : parsed.faults
  const definition = typeof source === 'string' ? readJson(source) : source
  if (definition === undefined || (change.status === 'published' && faults.length > 0)) {
    throw new InvalidFlow(faults)
  }
  return {
    flowSid,
    revision: (latest?.revision ?? 0) + 1,
    friendlyName,
    status: change.status,
    definition,
    faults,
    commitMessage: change.commitMessage ?? null,
    authorSid: change.authorSid ?? latest?.authorSid ?? null,
    flowCreatedAt: latest?.flowCreatedAt ?? now,
    createdAt: now
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
