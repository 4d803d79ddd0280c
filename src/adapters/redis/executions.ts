import { FenceLost } from '../../runtime/errors.ts'
import type { Claim, ExecutionStore } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { claim } from './claims.ts'
import { commit } from './commit.ts'
import { create } from './create.ts'
import { deliver } from './deliver.ts'
import { claimDue } from './due.ts'
import { inOrder } from './keys.ts'
import { allLists, placeOf } from './lists.ts'
import { fetchExecution, fetchSteps, listExecutions } from './reading.ts'

/** One script a method, so one round trip, except where all shards are asked. */
export function redisExecutions(backend: Backend): ExecutionStore {
  const { run, keys, leaseMs } = backend
  return {
    newSid: (flowSid, contactSid) => keys.newSid({ flowSid, contactSid }),
    create: entry => create(backend, entry),
    deliver: (sid, event, options) => deliver(backend, sid, event, options),
    claim: (sid, now, options = { onlyDue: false }) => claim(backend, sid, now, options),
    claimDue: (now, limit) => claimDue(backend, now, limit),
    commit: (held, turn) => commit(backend, held, turn),
    renew,
    remove,
    fetch: sid => fetchExecution(backend, sid),
    fetchSteps: sid => fetchSteps(backend, sid),
    list: query => listExecutions(backend, query)
  }

  async function renew({ execution: { sid }, fence }: Claim, now: number): Promise<boolean> {
    const own = keys.execution(sid)
    if (!own) return false
    const answer = await run(client =>
      client.renewLease(own.head, own.due, sid, fence, now + leaseMs)
    )
    return answer === 1
  }

  async function remove({ execution, fence }: Claim): Promise<void> {
    const { sid, flowSid } = execution
    const own = keys.execution(sid)
    if (!own) throw new FenceLost(sid)
    const answer = await run(client =>
      client.removeExecution(
        ...inOrder(own),
        keys.lists(own.shard, flowSid),
        sid,
        fence,
        placeOf(execution),
        ...allLists(execution)
      )
    )
    if (answer === -1) throw new FenceLost(sid)
  }
}
