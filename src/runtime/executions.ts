import { applyWrites, type Context, read } from '../engine/context.ts'
import {
  type End,
  type Execution,
  newExecution,
  type Step,
  stepNumber
} from '../engine/execution.ts'
import type { Json, JsonObject } from '../engine/json.ts'
import { ContactBusy, NotFound, NotNow } from './errors.ts'
import type { Claim } from './ports.ts'
import type { Runtime } from './runtime.ts'
import { until } from './until.ts'

export interface NewTrigger {
  readonly flowSid: string
  readonly to: string
  readonly from: string
  readonly parameters: JsonObject
  readonly mode: Execution['mode']
  /** What happens when the contact has an active execution of this flow. */
  readonly conflictPolicy: 'reject' | 'replace' | 'parallel'
  readonly idempotencyKey: string | null
}

/**
 * Starts an execution of the published revision; it is durable, and under way, when this resolves.
 * Throws `NotFound`, `NotNow` where nothing is published, and `ContactBusy`.
 */
export async function createExecution(runtime: Runtime, trigger: NewTrigger): Promise<Execution> {
  const flowRevision = await publishedRevision(runtime, trigger.flowSid)
  const { executions, worker } = runtime
  for (;;) {
    const execution = startOf(runtime, trigger, flowRevision)
    const created = await executions.create({
      execution,
      event: {
        type: 'triggered',
        id: `trigger:${execution.sid}`,
        at: execution.createdAt,
        parameters: trigger.parameters
      },
      exclusive: trigger.conflictPolicy !== 'parallel',
      idempotencyKey: trigger.idempotencyKey,
      now: execution.createdAt,
      claim: worker.hasRoom()
    })
    if (created.outcome === 'created') {
      if (created.claim) worker.run(created.claim)
      return execution
    }
    if (created.outcome === 'repeated') return fetchExecution(runtime, trigger.flowSid, created.sid)
    if (trigger.conflictPolicy !== 'replace') throw new ContactBusy(created.sid)
    await ensureEnded(runtime, created.sid, 'replaced')
  }
}

async function publishedRevision({ flows }: Runtime, flowSid: string): Promise<number> {
  const revision = await flows.published(flowSid)
  if (revision !== null) return revision
  if (!(await flows.store.fetchRevision(flowSid, 'LatestRevision'))) {
    throw new NotFound(`There is no flow ${flowSid}`)
  }
  throw new NotNow(`Flow ${flowSid} has only drafts; publish it before you start an execution`)
}

function startOf(runtime: Runtime, trigger: NewTrigger, flowRevision: number): Execution {
  const { flowSid, to, from, mode } = trigger
  return newExecution({
    sid: runtime.executions.newSid(flowSid, to, from),
    accountSid: runtime.accountSid,
    flowSid,
    flowRevision,
    mode,
    createdAt: runtime.clock.now(),
    to,
    from,
    contactSid: `FC${runtime.ids.of(to)}`,
    initiatedBy: `RQ${runtime.ids.random()}`,
    triggeredBy: 'incomingRequest'
  })
}

/** The execution, if it belongs to this flow and has not been deleted. Throws `NotFound`. */
export async function fetchExecution(
  { executions }: Pick<Runtime, 'executions'>,
  flowSid: string,
  sid: string
): Promise<Execution> {
  const execution = await executions.fetch(sid)
  if (!execution || execution.flowSid !== flowSid || execution.end?.reason === 'deleted') {
    throw new NotFound(`There is no execution ${sid} of flow ${flowSid}`)
  }
  return execution
}

/** One step and those before it, oldest first. Throws `NotFound`. */
export async function fetchStepsUpTo(
  runtime: Runtime,
  execution: Execution,
  stepSid: string
): Promise<readonly Step[]> {
  const number = stepNumber(execution.sid, stepSid)
  const steps = number === null ? [] : await runtime.executions.fetchSteps(execution.sid)
  if (number === null || !steps[number])
    throw new NotFound(`There is no step ${stepSid} of execution ${execution.sid}`)
  return steps.slice(0, number + 1)
}

/** The context as it was after these steps. */
export const contextAfter = (steps: readonly Step[]): Context =>
  applyWrites(
    {},
    steps.flatMap(({ writes }) => writes)
  )

/** What templates find at `widgets.NAME`. */
export const variablesOf = ({ context }: Execution, widget: string): Json =>
  read(context, 'widgets', widget) ?? {}

/**
 * Ends an active execution and answers it, ended. A turn that is under way is finished first; the teardown
 * comes later, on its own. Throws `NotNow` where it has ended already.
 */
export async function endExecution(
  runtime: Runtime,
  sid: string,
  reason: Exclude<End['reason'], 'completed' | 'failed'>
): Promise<Execution> {
  const { executions, clock, ids, worker } = runtime
  const now = clock.now()
  const event = { type: 'cancelled', id: `cancel:${ids.random()}`, at: now, reason } as const
  const delivered = await executions.deliver(sid, event, { now, claim: true })
  if (delivered.outcome === 'ended') throw new NotNow(`Execution ${sid} has ended already`)
  if (delivered.outcome === 'unknown') throw new NotFound(`There is no execution ${sid}`)
  if (delivered.outcome === 'claimed') await worker.run(delivered.claim)
  return until(runtime, sid, execution => (execution.status === 'ended' ? execution : null))
}

/** Ends an execution unless it has ended, or gone, by itself in the meantime. */
export async function ensureEnded(
  runtime: Runtime,
  sid: string,
  reason: Parameters<typeof endExecution>[2]
): Promise<void> {
  try {
    await endExecution(runtime, sid, reason)
  } catch (error) {
    const execution = await runtime.executions.fetch(sid)
    if (execution?.status === 'active') throw error
  }
}

/**
 * Deletes an execution and its steps: from now on nobody finds it. An active one ends first, and what is
 * left to undo is undone before the last of it goes.
 */
export async function deleteExecution(
  runtime: Runtime,
  flowSid: string,
  sid: string
): Promise<void> {
  const { status } = await fetchExecution(runtime, flowSid, sid)
  if (status === 'active') {
    await ensureEnded(runtime, sid, 'deleted')
    const ended = await runtime.executions.fetch(sid)
    if (!ended || ended.end?.reason === 'deleted') return
  }
  const claim = await claimed(runtime, sid)
  const { execution } = claim
  const now = runtime.clock.now()
  const deleted: Execution = { ...execution, end: { reason: 'deleted', at: now } }
  await runtime.executions.commit(claim, {
    execution: deleted,
    steps: [],
    consumed: [],
    dueAt: now,
    hold: false,
    now
  })
  runtime.worker.poll()
}

async function claimed({ executions, clock }: Runtime, sid: string): Promise<Claim> {
  for (let pause = 5; ; pause = Math.min(pause * 2, 500)) {
    const claim = await executions.claim(sid, clock.now())
    if (claim) return claim
    if (!(await executions.fetch(sid))) throw new NotFound(`There is no execution ${sid}`)
    await clock.sleep(pause)
  }
}
