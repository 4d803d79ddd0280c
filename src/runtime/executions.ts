import { applyWrites, type Context, read } from '../engine/context.ts'
import type { InboxEvent } from '../engine/event.ts'
import {
  type End,
  type Execution,
  newExecution,
  type Step,
  type TriggerEvent
} from '../engine/execution.ts'
import type { Json, JsonObject } from '../engine/json.ts'
import { NotFound, NotNow } from './errors.ts'
import type { Claim, Created } from './ports.ts'
import type { Runtime } from './runtime.ts'
import { until } from './until.ts'

export interface NewTrigger {
  readonly flowSid: string
  readonly triggeredBy: TriggerEvent
  readonly to: string
  readonly from: string
  /** What tells contacts apart; an execution is exclusive for its flow and contact. */
  readonly contact: string
  readonly initiatedBy: string
  readonly parameters: JsonObject
  readonly mode: Execution['mode']
  /** May another execution of this flow be active for this contact? */
  readonly exclusive: boolean
  readonly idempotencyKey: string | null
  /** What an execution gets that stands in the way. */
  readonly instead?: InboxEvent
}

export type Started =
  | { readonly outcome: 'started'; readonly execution: Execution }
  | { readonly outcome: 'delivered' | 'conflict' | 'repeated'; readonly sid: string }

/**
 * Starts an execution of the published revision. When this resolves it is durable; its first turn runs, or waits
 * for room, here or in another process.
 * Throws `NotFound`, and `NotNow` where nothing is published.
 */
export async function startExecution(runtime: Runtime, trigger: NewTrigger): Promise<Started> {
  const { executions, worker } = runtime
  const execution = startOf(runtime, trigger, await firstRevision(runtime, trigger))
  const { sid, createdAt } = execution
  const create = (claim: boolean) =>
    executions.create({
      execution,
      event: {
        type: 'triggered',
        id: `trigger:${sid}`,
        at: createdAt,
        parameters: trigger.parameters
      },
      exclusive: trigger.exclusive,
      idempotencyKey: trigger.idempotencyKey,
      now: createdAt,
      claim,
      ...(trigger.instead && { instead: trigger.instead })
    })
  const created =
    trigger.triggeredBy === 'incomingRequest'
      ? await worker.takeIn(sid, create)
      : await takeInMessage(runtime, create)
  if (created.outcome === 'created') return { outcome: 'started', execution }
  return { outcome: created.outcome, sid: created.sid }
}

/** Somebody waits for the answer to a message, so its turn waits behind nobody. */
async function takeInMessage(
  { worker }: Runtime,
  create: (claim: boolean) => Promise<Created>
): Promise<Created> {
  const created = await create(worker.hasRoom())
  if ('claim' in created && created.claim) worker.run(created.claim)
  return created
}

async function firstRevision({ flows }: Runtime, { flowSid, to }: NewTrigger): Promise<number> {
  const revision = await flows.revisionFor(flowSid, to)
  if (revision !== null) return revision
  if (!(await flows.store.fetchRevision(flowSid, 'LatestRevision'))) {
    throw new NotFound(`There is no flow ${flowSid}`)
  }
  throw new NotNow(`Flow ${flowSid} has only drafts; publish it before you start an execution`)
}

function startOf(
  { accountSid, executions, clock, ids }: Runtime,
  trigger: NewTrigger,
  flowRevision: number
): Execution {
  const { flowSid, to, from, mode, triggeredBy, initiatedBy } = trigger
  const contactSid = `FC${ids.of(trigger.contact)}`
  return newExecution({
    sid: executions.newSid(flowSid, contactSid),
    accountSid,
    flowSid,
    flowRevision,
    mode,
    createdAt: clock.now(),
    to,
    from,
    contactSid,
    initiatedBy,
    triggeredBy
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

/** One step and those recorded before it, oldest first. Throws `NotFound`. */
export async function fetchStepsUpTo(
  { executions }: Runtime,
  execution: Execution,
  stepSid: string
): Promise<readonly Step[]> {
  const steps = await executions.fetchSteps(execution.sid)
  const place = steps.findIndex(({ sid }) => sid === stepSid)
  if (place < 0) throw new NotFound(`There is no step ${stepSid} of execution ${execution.sid}`)
  return steps.slice(0, place + 1)
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
