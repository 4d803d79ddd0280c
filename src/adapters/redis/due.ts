import type { Claim } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { claim } from './claims.ts'

/**
 * Reads what is due and claims it one by one, again and again, as others may be faster. A shard that cannot
 * be reached does not stop the others, and claims that were given are always handed on.
 */
export async function claimDue(backend: Backend, now: number, limit: number): Promise<Claim[]> {
  const claims: Claim[] = []
  const faults: unknown[] = []
  while (claims.length < limit && faults.length === 0) {
    const due = await readDue(backend, now, limit - claims.length, faults)
    if (due.length === 0) break
    const taken = due.map(({ sid }) => claim(backend, sid, now, { onlyDue: true }))
    for (const made of await settled(taken, faults)) if (made) claims.push(made)
  }
  if (claims.length === 0 && faults.length > 0) throw faults[0]
  return claims
}

interface Due {
  readonly sid: string
  readonly at: number
}

/** The most overdue of all shards. */
async function readDue(
  { read, keys }: Backend,
  now: number,
  limit: number,
  faults: unknown[]
): Promise<Due[]> {
  const shards = keys.shards.map(shard =>
    read(client =>
      client.zrange(
        keys.due(shard),
        '-inf',
        String(now),
        'BYSCORE',
        'LIMIT',
        0,
        limit,
        'WITHSCORES'
      )
    )
  )
  return (await settled(shards, faults))
    .flatMap(pairs)
    .sort((a, b) => a.at - b.at)
    .slice(0, limit)
}

const pairs = (flat: readonly string[]): Due[] =>
  flat.flatMap((sid, at) => (at % 2 === 0 ? [{ sid, at: Number(flat[at + 1]) }] : []))

/** What came of those that came to something. */
async function settled<T>(calls: readonly Promise<T>[], faults: unknown[]): Promise<T[]> {
  const results = await Promise.allSettled(calls)
  return results.flatMap(result => {
    if (result.status === 'fulfilled') return [result.value]
    faults.push(result.reason)
    return []
  })
}
