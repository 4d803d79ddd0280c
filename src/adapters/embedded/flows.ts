import type { FlowRevision, FlowStore, RevisionChoice } from '../../runtime/ports.ts'
import type { Database } from './database.ts'
import { keyPart, startingWith } from './keys.ts'
import type { Key } from './table.ts'

/** The numbers of a flow's latest revisions. */
interface Latest {
  readonly revision: number
  readonly published: number | null
}

export function embeddedFlows({ tables, read, transaction }: Database): FlowStore {
  const { flows, revisions, testUsers } = tables

  return {
    async saveRevision(revision) {
      const text = JSON.stringify(revision)
      const { flowSid, revision: number, status } = revision
      return await transaction(() => {
        const latest = latestOf(flowSid)
        if (number !== (latest?.revision ?? 0) + 1) return false
        const published = status === 'published' ? number : (latest?.published ?? null)
        revisions.put(revisionKey(flowSid, number), text)
        flows.put(latestKey(flowSid), JSON.stringify({ revision: number, published }))
        return true
      })
    },
    fetchRevision: (flowSid, choice) =>
      read(() => {
        const number = numberOf(flowSid, choice)
        return number === null ? null : revisionAt(revisionKey(flowSid, number))
      }),
    listRevisions: flowSid =>
      read(() =>
        Array.from(keysOf(flowSid), key => revisionAt(key))
          .filter(found)
          .reverse()
      ),
    listFlows: () =>
      read(() =>
        Array.from(flows.getRange({}), ({ key: [flow = ''], value }) =>
          revisionAt([flow, readLatest(value).revision])
        )
          .filter(found)
          .sort((a, b) => b.flowCreatedAt - a.flowCreatedAt || (a.flowSid < b.flowSid ? 1 : -1))
      ),
    removeFlow: flowSid =>
      transaction(() => {
        for (const key of keysOf(flowSid)) revisions.remove(key)
        testUsers.remove(latestKey(flowSid))
        return flows.removeSync(latestKey(flowSid))
      }),
    fetchTestUsers: flowSid => read(() => JSON.parse(testUsers.get(latestKey(flowSid)) ?? '[]')),
    saveTestUsers: (flowSid, addresses) =>
      transaction(() => {
        testUsers.put(latestKey(flowSid), JSON.stringify(addresses))
      })
  }

  function latestOf(flowSid: string): Latest | null {
    const text = flows.get(latestKey(flowSid))
    return text === undefined ? null : readLatest(text)
  }

  function numberOf(flowSid: string, choice: RevisionChoice): number | null {
    if (typeof choice === 'number') return choice
    const latest = latestOf(flowSid)
    return (choice === 'LatestPublished' ? latest?.published : latest?.revision) ?? null
  }

  function revisionAt(key: Key): FlowRevision | null {
    return JSON.parse(revisions.get(key) ?? 'null')
  }

  function keysOf(flowSid: string): Key[] {
    return Array.from(revisions.getKeys(startingWith([keyPart(flowSid)])))
  }
}

const latestKey = (flowSid: string): Key => [keyPart(flowSid), 'latest']
const revisionKey = (flowSid: string, number: number): Key => [keyPart(flowSid), number]
const readLatest = (text: string): Latest => JSON.parse(text)
const found = (revision: FlowRevision | null): revision is FlowRevision => revision !== null
