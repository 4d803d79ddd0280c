import { Cluster } from 'ioredis'
import type { Client } from './connection.ts'

/** A round of an idle event loop takes microseconds; in those of a busy one many commands come together. */
const gatheredRounds = 3

/**
 * Answers what is to be called before each command. Those of a few rounds of the event loop leave together, as each
 * write is a call of the system, here and in Redis.
 */
export function gatherWrites(client: Client): () => void {
  let gathering = false
  return () => {
    if (gathering) return
    gathering = true
    const nodes = client instanceof Cluster ? client.nodes('master') : [client]
    const streams = nodes.flatMap(({ stream }) => stream ?? [])
    for (const stream of streams) stream.cork()
    afterRounds(gatheredRounds, () => {
      gathering = false
      for (const stream of streams) stream.uncork()
    })
  }
}

function afterRounds(rounds: number, call: () => void): void {
  setImmediate(rounds > 1 ? () => afterRounds(rounds - 1, call) : call)
}
