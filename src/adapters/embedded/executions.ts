import { randomBytes } from 'node:crypto'
import type { Step } from '../../engine/execution.ts'
import type { Claim, ExecutionStore } from '../../runtime/ports.ts'
import { takeDue, takeOne } from './claims.ts'
import { commit } from './commit.ts'
import { create } from './create.ts'
import type { Database, Tables } from './database.ts'
import { deliver } from './deliver.ts'
import { stepsOf } from './keys.ts'
import { listExecutions } from './lists.ts'
import { remove } from './remove.ts'
import { readExecution } from './saved.ts'
import { setPending } from './under-way.ts'

/** One transaction a method; what is JSON is made before it, so that nothing can fail half-way. */
export function embeddedExecutions(database: Database, leaseMs: number): ExecutionStore {
  const { tables, underWay, write } = database
  return {
    // One process, one shard.
    newSid: () => `FN0000${randomBytes(14).toString('hex')}`,
    create: async entry => await write(create(database, entry, leaseMs)),
    deliver: async (sid, event, options) =>
      await write(deliver(database, sid, event, options, leaseMs)),
    claim: (sid, now, options) => write(() => takeOne(database, sid, now, leaseMs, options)),
    claimDue: (now, limit) => write(() => takeDue(database, now, limit, leaseMs)),
    commit: async (claim, turn) => await write(commit(database, claim, turn, leaseMs)),
    renew: (claim, now) => write(() => renew(claim, now)),
    remove: claim => write(() => remove(database, claim)),
    fetch: sid => write(() => readExecution(tables, sid)),
    fetchSteps: sid => write(() => readSteps(tables, sid)),
    list: query => write(() => listExecutions(tables, query))
  }

  /** Leases are nowhere but in memory: whoever finds a claim in the folder knows that its process is gone. */
  function renew({ execution: { sid }, fence }: Claim, now: number): boolean {
    const held = underWay.held.get(sid)
    if (held?.fence !== fence) return false
    setPending(database, sid, { ...held, leaseUntil: now + leaseMs })
    return true
  }
}

function readSteps({ records }: Tables, sid: string): Step[] {
  return Array.from(records.getRange(stepsOf(sid)), ({ value }) => value)
    .filter(lines => lines !== '')
    .flatMap(lines => lines.split('\n'))
    .map((line): Step => JSON.parse(line))
    .sort((a, b) => a.number - b.number)
}
