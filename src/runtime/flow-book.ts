import type { Execution } from '../engine/execution.ts'
import type { Catalog, Flow } from '../flow/flow.ts'
import { parseFlow } from '../flow/parse.ts'
import { InvalidFlow, NotFound, NotNow } from './errors.ts'
import type { Clock, FlowRevision, FlowStore, RevisionChoice } from './ports.ts'
import { makeRecent } from './recent.ts'

/** The flows as executions need them: parsed, and at hand while a turn runs. */
export interface FlowBook {
  readonly store: FlowStore
  readonly catalog: Catalog
  /**
   * The revision that a new execution gets, which for a test user is the latest draft; null when there is
   * none. May lag a change made by another process by half a second.
   */
  revisionFor(flowSid: string, contact: string): Promise<number | null>
  isTestUser(flowSid: string, contact: string): Promise<boolean>
  /** Throws `NotFound`, or `InvalidFlow` for a faulty draft. */
  load(flowSid: string, revision: number): Promise<Flow>
  /** A revision that was loaded lately. Throws `NotAtHand`. */
  at(flowSid: string, revision: number): Flow
  /** Forgets what is known of the flow, after a change made here. */
  refresh(flowSid: string): void
}

/** The revision is not at hand, so it must be loaded, perhaps again. */
export class NotAtHand extends Error {
  override readonly name = 'NotAtHand'
  readonly flowSid: string
  readonly revision: number

  constructor(flowSid: string, revision: number) {
    super(`Revision ${revision} of flow ${flowSid} is not loaded`)
    this.flowSid = flowSid
    this.revision = revision
  }
}

const knownForMs = 500
/** How many revisions are at hand, and of how many flows it is known which one is the latest. */
const revisionsAtHand = 400
const flowsKnown = 2000

/** What new executions ask about a flow again and again. */
interface Known {
  readonly published: number | null
  readonly latest: number | null
  readonly testUsers: ReadonlySet<string>
  readonly readAt: number
}

export function makeFlowBook(store: FlowStore, catalog: Catalog, clock: Clock): FlowBook {
  const parsed = makeRecent<Flow>(revisionsAtHand)
  const known = makeRecent<Known>(flowsKnown)
  const createdAt = makeRecent<number>(flowsKnown)
  const key = (flowSid: string, revision: number) => `${flowSid}:${revision}`
  /** Each turn asks for one flow several times. */
  let last: { readonly flowSid: string; readonly revision: number; readonly flow: Flow } | null =
    null

  async function recall(flowSid: string): Promise<Known> {
    const before = known.get(flowSid)
    if (before && clock.now() - before.readAt < knownForMs) return before
    const [published, latest, testUsers] = await Promise.all([
      store.fetchRevision(flowSid, 'LatestPublished'),
      store.fetchRevision(flowSid, 'LatestRevision'),
      store.fetchTestUsers(flowSid)
    ])
    const now: Known = {
      published: published?.revision ?? null,
      latest: latest?.revision ?? null,
      testUsers: new Set(testUsers),
      readAt: clock.now()
    }
    known.set(flowSid, now)
    if (latest) forgetEarlier(flowSid, latest.flowCreatedAt)
    return now
  }

  /** A flow that was deleted and made again under its SID counts its revisions from 1 again. */
  function forgetEarlier(flowSid: string, at: number): void {
    if (createdAt.get(flowSid) === at) return
    createdAt.set(flowSid, at)
    parsed.forget(name => name.startsWith(`${flowSid}:`))
    last = null
  }

  return {
    store,
    catalog,

    async revisionFor(flowSid, contact) {
      const { published, latest, testUsers } = await recall(flowSid)
      return testUsers.has(contact) ? latest : published
    },

    async isTestUser(flowSid, contact) {
      return (await recall(flowSid)).testUsers.has(contact)
    },

    async load(flowSid, revision) {
      const before = parsed.get(key(flowSid, revision))
      if (before) return before
      const found = await fetchRevision(store, flowSid, revision)
      const parsing = parseFlow(found.definition, catalog)
      if (!parsing.ok) throw new InvalidFlow(parsing.faults)
      parsed.set(key(flowSid, revision), parsing.flow)
      return parsing.flow
    },

    at(flowSid, revision) {
      if (last?.flowSid === flowSid && last.revision === revision) return last.flow
      const flow = parsed.get(key(flowSid, revision))
      if (!flow) throw new NotAtHand(flowSid, revision)
      last = { flowSid, revision, flow }
      return flow
    },

    refresh(flowSid) {
      known.forget(name => name === flowSid)
    }
  }
}

/**
 * Makes a subflow ready for an execution and answers its revision. Only test users of the parent get drafts.
 * Throws `NotFound`, `NotNow` where nothing is published, and `InvalidFlow`.
 * https://www.twilio.com/docs/studio/subflows
 */
export async function loadSubflow(
  book: FlowBook,
  { flowSid: parentSid, to }: Pick<Execution, 'flowSid' | 'to'>,
  flowSid: string,
  choice: RevisionChoice
): Promise<number> {
  const wanted =
    choice === 'LatestRevision' && !(await book.isTestUser(parentSid, to))
      ? 'LatestPublished'
      : choice
  const found = await book.store.fetchRevision(flowSid, wanted)
  if (!found)
    throw new NotNow(
      `There is no ${wanted === 'LatestPublished' ? 'published revision' : `revision ${wanted}`} of flow ${flowSid}`
    )
  await book.load(flowSid, found.revision)
  return found.revision
}

async function fetchRevision(
  store: FlowStore,
  flowSid: string,
  choice: RevisionChoice
): Promise<FlowRevision> {
  const found = await store.fetchRevision(flowSid, choice)
  if (!found) throw new NotFound(`There is no revision ${choice} of flow ${flowSid}`)
  return found
}
