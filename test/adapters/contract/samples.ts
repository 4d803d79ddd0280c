import type { Test } from 'tap'
import type { MessageReceived, Triggered } from '../../../src/engine/event.ts'
import { type Execution, newExecution, type Step, stepSid } from '../../../src/engine/execution.ts'
import type { Claim, Commit, NewEntry, Store } from '../../../src/runtime/ports.ts'

/** A store with nothing in it, which the maker closes and clears away when the test is over. */
export interface Opened {
  readonly store: Store
  /** The same data as another worker sees it; where there can be only one process, the same store. */
  readonly peer: Store
  /** Closes `store` and opens it again. */
  reopen(): Promise<Store>
}
export type MakeStore = (t: Test, options: { readonly leaseMs: number }) => Promise<Opened>

export const leaseMs = 30_000
/** When every test begins; the store has no other clock than the numbers it is given. */
export const start = 1_700_000_000_000
export const far = start + 365 * 24 * 60 * 60 * 1000

export const flowSid = `FW${'1'.repeat(32)}`
export const otherFlowSid = `FW${'2'.repeat(32)}`

type Given = Partial<Pick<Execution, 'sid' | 'flowSid' | 'to' | 'from' | 'createdAt'>>

export function executionFor({ executions }: Store, given: Given = {}): Execution {
  const to = given.to ?? '+15550000001'
  const from = given.from ?? '+15559999999'
  const flow = given.flowSid ?? flowSid
  const contactSid = `FC${Buffer.from(`${to} ${from}`).toString('hex')}`
  return newExecution({
    sid: executions.newSid(flow, contactSid),
    accountSid: `AC${'3'.repeat(32)}`,
    flowRevision: 1,
    mode: 'flow',
    createdAt: start,
    contactSid,
    initiatedBy: '',
    triggeredBy: 'incomingRequest',
    ...given,
    flowSid: flow,
    to,
    from
  })
}

export const trigger: Triggered = {
  type: 'triggered',
  id: 'trigger',
  at: start,
  parameters: { name: 'Ada', nested: [1, null, { ключ: '✓' }] }
}

export const message = (id: string, index = 1): MessageReceived => ({
  type: 'message-received',
  id,
  at: start,
  conversationSid: `CH${'5'.repeat(32)}`,
  index,
  sentBy: null,
  payload: { Body: 'Yes 👍', Author: '+15550000001' }
})

export const entryFor = (store: Store, given: Given & Partial<NewEntry> = {}): NewEntry => {
  const { exclusive, idempotencyKey, now, claim, execution, event, instead, ...rest } = given
  return {
    execution: execution ?? executionFor(store, rest),
    event: event ?? trigger,
    exclusive: exclusive ?? false,
    idempotencyKey: idempotencyKey ?? null,
    now: now ?? start,
    claim: claim ?? true,
    ...(instead && { instead })
  }
}

/** An execution that is being held, its trigger still in the inbox. */
export async function held(store: Store, given: Given & Partial<NewEntry> = {}): Promise<Claim> {
  const created = await store.executions.create(entryFor(store, given))
  if (created.outcome !== 'created' || !created.claim) throw new Error('It was not created')
  return created.claim
}

/** An execution that nobody holds, with an empty inbox; due never, unless said. */
export async function parked(
  store: Store,
  given: Given & Partial<NewEntry> & { readonly dueAt?: number } = {}
): Promise<Execution> {
  const { dueAt, ...rest } = given
  const claim = await held(store, rest)
  await store.executions.commit(claim, turnOf(claim, { dueAt: dueAt ?? null }))
  return claim.execution
}

/** A commit that consumes the inbox of the claim and changes nothing else, unless said. */
export const turnOf = (claim: Claim, given: Partial<Commit> = {}): Commit => ({
  execution: claim.execution,
  steps: [],
  consumed: claim.inbox.map(({ id }) => id),
  dueAt: null,
  hold: false,
  now: start,
  ...given
})

export const ended = (execution: Execution): Execution => ({
  ...execution,
  status: 'ended',
  end: { reason: 'completed', at: start }
})

export const stepOf = ({ sid }: Execution, number: number): Step => ({
  sid: stepSid(sid, number),
  number,
  parentSid: null,
  widget: `widget_${number}`,
  type: 'send-message',
  transition: 'sent',
  next: null,
  enteredAt: start,
  leftAt: start,
  writes: [{ path: ['widgets', `widget_${number}`], value: { Body: 'Hello' } }]
})

/** The one claim that a call must have given. */
export function only<T>(all: readonly T[]): T {
  const [first] = all
  if (first === undefined || all.length > 1) throw new Error(`${all.length} instead of one`)
  return first
}

export async function claimed(store: Store, sid: string, now: number): Promise<Claim> {
  const claim = await store.executions.claim(sid, now)
  if (!claim) throw new Error(`${sid} cannot be claimed`)
  return claim
}

export const times = <T>(count: number, make: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => make(at))

export const idsOf = (events: readonly { readonly id: string }[]): string[] =>
  events.map(({ id }) => id)
export const sidsOf = (all: readonly { readonly sid: string }[]): string[] =>
  all.map(({ sid }) => sid)
