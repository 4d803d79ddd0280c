import type { Execution, Step } from '../../engine/execution.ts'
import type { ExecutionQuery, Position } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { boundsOf, listsOf, positionAt } from './lists.ts'
import { mostTexts, readRecord, readSteps } from './record.ts'

export async function fetchExecution(
  { keys, read }: Backend,
  sid: string
): Promise<Execution | null> {
  const own = keys.execution(sid)
  if (!own) return null
  const record = await read(client => client.lrangeBuffer(own.record, 0, mostTexts - 1))
  return record.length === 0 ? null : readRecord(record).execution
}

export async function fetchSteps({ keys, read }: Backend, sid: string): Promise<Step[]> {
  const own = keys.execution(sid)
  if (!own) return []
  return readSteps(await read(client => client.lrangeBuffer(own.record, 0, -1)))
}

/** The fewest and the most executions that one round looks at. */
const rounds = { least: 20, most: 200 }

/** Newest first; those made in the same millisecond by their SIDs, the greatest first. */
export async function listExecutions(
  backend: Backend,
  query: ExecutionQuery
): Promise<Execution[]> {
  const found: Execution[] = []
  let rest = query
  while (found.length < query.limit) {
    const size = Math.min(Math.max(query.limit - found.length, rounds.least), rounds.most)
    const positions = await nearest(backend, rest, size)
    const executions = await Promise.all(positions.map(({ sid }) => fetchExecution(backend, sid)))
    for (const execution of executions)
      if (execution && answers(execution, query)) found.push(execution)
    const last = positions.at(-1)
    if (!last || positions.length < size) break
    rest = query.newer ? { ...query, newer: last } : { ...query, older: last }
  }
  const page = found.slice(0, Math.max(query.limit, 0))
  return query.newer ? page.reverse() : page
}

/** The first so many places of all shards, going away from where the query starts. */
async function nearest(
  { keys, read }: Backend,
  query: ExecutionQuery,
  size: number
): Promise<Position[]> {
  const places = await Promise.all(
    keys.shards.flatMap(shard => {
      const key = keys.lists(shard, query.flowSid)
      return listsOf(query).map(async list => {
        const { min, max } = boundsOf(list, query)
        const members = await read(client =>
          query.newer
            ? client.zrange(key, min, max, 'BYLEX', 'LIMIT', 0, size)
            : client.zrange(key, max, min, 'BYLEX', 'REV', 'LIMIT', 0, size)
        )
        return members.map(member => member.slice(list.length + 1))
      })
    })
  )
  const sorted = [...new Set(places.flat())].sort()
  return (query.newer ? sorted : sorted.reverse()).slice(0, size).map(positionAt)
}

const answers = (execution: Execution, { status, to }: ExecutionQuery): boolean =>
  execution.end?.reason !== 'deleted' &&
  (status === undefined || execution.status === status) &&
  (to === undefined || execution.to === to)
