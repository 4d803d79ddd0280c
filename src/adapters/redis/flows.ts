import type { FlowRevision, FlowStore, RevisionChoice } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'

export function redisFlows({ run, read, keys }: Backend): FlowStore {
  return {
    async saveRevision(revision) {
      const { flowSid, revision: number, status } = revision
      const saved = await run(client =>
        client.saveRevision(
          keys.flow(flowSid),
          keys.flows,
          flowSid,
          number,
          status === 'published' ? 1 : 0,
          JSON.stringify(revision)
        )
      )
      return saved === 1
    },
    fetchRevision,
    async listRevisions(flowSid) {
      const fields = await read(client => client.hgetall(keys.flow(flowSid)))
      return Object.entries(fields)
        .filter(([field]) => isNumber(field))
        .map(([, text]): FlowRevision => JSON.parse(text))
        .sort((a, b) => b.revision - a.revision)
    },
    async listFlows() {
      const sids = await read(client => client.smembers(keys.flows))
      const latest = await Promise.all(sids.map(sid => fetchRevision(sid, 'LatestRevision')))
      return latest
        .filter(revision => revision !== null)
        .sort((a, b) => b.flowCreatedAt - a.flowCreatedAt || (a.flowSid < b.flowSid ? 1 : -1))
    },
    async removeFlow(flowSid) {
      const flow = keys.flow(flowSid)
      const testUsers = keys.testUsers(flowSid)
      return (await run(client => client.removeFlow(flow, keys.flows, testUsers, flowSid))) === 1
    },
    async fetchTestUsers(flowSid) {
      const text = await read(client => client.get(keys.testUsers(flowSid)))
      return text === null ? [] : JSON.parse(text)
    },
    async saveTestUsers(flowSid, addresses) {
      await run(client => client.set(keys.testUsers(flowSid), JSON.stringify(addresses)))
    }
  }

  /** A revision never changes once its number is known. */
  async function fetchRevision(
    flowSid: string,
    choice: RevisionChoice
  ): Promise<FlowRevision | null> {
    const flow = keys.flow(flowSid)
    const number = typeof choice === 'number' ? String(choice) : await latestOf(flow, choice)
    if (number === null) return null
    const text = await read(client => client.hget(flow, number))
    return text === null ? null : JSON.parse(text)
  }

  function latestOf(flow: string, choice: Exclude<RevisionChoice, number>): Promise<string | null> {
    const field = choice === 'LatestPublished' ? 'published' : 'latest'
    return read(client => client.hget(flow, field))
  }
}

const isNumber = (field: string): boolean => /^\d+$/.test(field)
