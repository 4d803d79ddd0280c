import type { Catalog, Flow } from '../flow/flow.ts'
import { parseFlow } from '../flow/parse.ts'
import { InvalidFlow, NotFound } from './errors.ts'
import type { Clock, FlowRevision, FlowStore, RevisionChoice } from './ports.ts'

/** The flows as executions need them: parsed, and at hand while a turn runs. */
export interface FlowBook {
  readonly store: FlowStore
  readonly catalog: Catalog
  /** The revision that a new execution gets; null when none is published. May lag a publish by half a second. */
  published(flowSid: string): Promise<number | null>
  /** Makes a revision ready for `at`. Throws `NotFound`, or `InvalidFlow` for a faulty draft. */
  load(flowSid: string, revision: number): Promise<void>
  /** A revision that was loaded before. */
  at(flowSid: string, revision: number): Flow
  /** Forgets which revision is published, after a change made here. */
  refresh(flowSid: string): void
}

const publishedForMs = 500

export function makeFlowBook(store: FlowStore, catalog: Catalog, clock: Clock): FlowBook {
  const parsed = new Map<string, Flow>()
  const published = new Map<string, { revision: number | null; readAt: number }>()
  const key = (flowSid: string, revision: number) => `${flowSid}:${revision}`

  return {
    store,
    catalog,

    async published(flowSid) {
      const known = published.get(flowSid)
      if (known && clock.now() - known.readAt < publishedForMs) return known.revision
      const found = await store.fetchRevision(flowSid, 'LatestPublished')
      const revision = found?.revision ?? null
      published.set(flowSid, { revision, readAt: clock.now() })
      return revision
    },

    async load(flowSid, revision) {
      if (parsed.has(key(flowSid, revision))) return
      const found = await fetchRevision(store, flowSid, revision)
      const flow = parseFlow(found.definition, catalog)
      if (!flow.ok) throw new InvalidFlow(flow.faults)
      parsed.set(key(flowSid, revision), flow.flow)
    },

    at(flowSid, revision) {
      const flow = parsed.get(key(flowSid, revision))
      if (!flow) throw new NotFound(`Revision ${revision} of flow ${flowSid} is not loaded`)
      return flow
    },

    refresh(flowSid) {
      published.delete(flowSid)
    }
  }
}

export async function fetchRevision(
  store: FlowStore,
  flowSid: string,
  choice: RevisionChoice
): Promise<FlowRevision> {
  const found = await store.fetchRevision(flowSid, choice)
  if (!found) throw new NotFound(`There is no revision ${choice} of flow ${flowSid}`)
  return found
}
