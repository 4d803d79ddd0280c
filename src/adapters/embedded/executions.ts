import { randomBytes } from 'node:crypto'
import type { Claim, ExecutionStore } from '../../runtime/ports.ts'
import { take, takeDue } from './claims.ts'
import { commit } from './commit.ts'
import { create } from './create.ts'
import type { Database } from './database.ts'
import { deliver } from './deliver.ts'
import { isHeld, leased, readHead, saveHead } from './head.ts'
import { executionKey, stepsOf } from './keys.ts'
import { listExecutions } from './lists.ts'
import { remove } from './remove.ts'

/** One transaction a method; what is JSON is made before it, so that nothing can fail half-way. */
export function embeddedExecutions(
  { tables, memory, read, write }: Database,
  leaseMs: number
): ExecutionStore {
  const contents = { tables, memory }
  return {
    // One process, one shard.
    newSid: () => `FN0000${randomBytes(14).toString('hex')}`,
    create: async entry => await write(create(contents, entry, leaseMs)),
    deliver: async (sid, event, options) =>
      await write(deliver(contents, sid, event, options, leaseMs)),
    claim: (sid, now, options) => write(() => claimOne(sid, now, options?.onlyDue ?? false)),
    claimDue: (now, limit) => write(() => takeDue(contents, now, limit, now + leaseMs)),
    commit: async (claim, turn) => await write(commit(contents, claim, turn, leaseMs)),
    renew: (claim, now) => write(() => renew(claim, now)),
    remove: claim => write(() => remove(tables, claim)),
    fetch: sid => read(() => JSON.parse(tables.records.get(executionKey(sid)) ?? 'null')),
    fetchSteps: sid =>
      read(() =>
        Array.from(tables.records.getRange(stepsOf(sid)), ({ value }) => JSON.parse(value))
      ),
    list: query => read(() => listExecutions(tables, query))
  }

  function claimOne(sid: string, now: number, onlyDue: boolean): Claim | null {
    const head = readHead(tables, sid)
    if (head === null || isHeld(head, now)) return null
    if (onlyDue && (head.dueAt === null || head.dueAt > now)) return null
    return take(contents, sid, head, head, now + leaseMs)
  }

  function renew(claim: Claim, now: number): boolean {
    const { sid } = claim.execution
    const head = readHead(tables, sid)
    if (head === null || head.fence !== claim.fence || head.leaseUntil === null) return false
    saveHead(tables, sid, head, leased(head, now + leaseMs))
    return true
  }
}
