import { StoreUnavailable } from '../../runtime/errors.ts'
import type { Client, Run } from './connection.ts'

const patienceMs = 1000

/**
 * Like `run`, but resolves only when so many replicas have the change. Rejects where that takes too long, or
 * where the connection breaks meanwhile: the change may have been made then, and a failover may lose it.
 */
export function withReplicas(client: Client, count: number, run: Run): Run {
  const bonds = watchBonds(client)
  const replicated = sharing(() => run(() => onEveryPrimary(client, count)))

  return async call => {
    const before = bonds()
    const answer = await run(call)
    await replicated()
    // WAIT only knows of what came over its own connection.
    if (!isSame(before, bonds()))
      throw new StoreUnavailable('The connection to Redis broke before the replicas had the change')
    return answer
  }
}

async function onEveryPrimary(client: Client, count: number): Promise<void> {
  const counts = await Promise.all(
    primariesOf(client).map(primary => primary.wait(count, patienceMs))
  )
  const fewest = Math.min(...counts)
  if (fewest < count)
    throw new Error(`${fewest} replicas have the change, and ${count} must have it`)
}

const primariesOf = (client: Client) => ('nodes' in client ? client.nodes('master') : [client])

/** What is the same again only as long as no connection has broken and no primary was replaced. */
function watchBonds(client: Client): () => readonly unknown[] {
  let breaks = 0
  const broken = () => {
    breaks += 1
  }
  if ('nodes' in client) client.on('+node', node => node.on('close', broken))
  else client.on('close', broken)
  return () => [breaks, ...primariesOf(client)]
}

const isSame = (before: readonly unknown[], now: readonly unknown[]): boolean =>
  before.length === now.length && before.every((bond, at) => bond === now[at])

/** Whoever comes while it is under way shares the next time with all who come until then. */
function sharing(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> = Promise.resolve()
  let next: Promise<void> | null = null

  function begin(): Promise<void> {
    next = null
    current = work()
    return current
  }
  return () => {
    next ??= current.then(begin, begin)
    return next
  }
}
