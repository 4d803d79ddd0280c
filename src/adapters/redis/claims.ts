import type { Claim } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { readEvent } from './inbox.ts'
import { unpackExecution } from './record.ts'
import type { Taken } from './scripts.ts'

/** The entries with which the steps of a claimed execution begin; that much of them never changes. */
const beginnings = new WeakMap<Claim, readonly Buffer[]>()
export const beginningOf = (claim: Claim): readonly Buffer[] => beginnings.get(claim) ?? []

export function claimOf([fence, recovering, [execution, ...entries], events]: Taken): Claim {
  const claim = {
    execution: unpackExecution(execution),
    inbox: events.map(event => readEvent(event.toString())),
    fence,
    recovering: recovering === 1
  }
  beginnings.set(claim, entries)
  return claim
}

export async function claim(
  { run, keys, leaseMs }: Backend,
  sid: string,
  now: number,
  { onlyDue }: { readonly onlyDue: boolean }
): Promise<Claim | null> {
  const own = keys.execution(sid)
  if (!own) return null
  const answer = await run(client =>
    client.claimExecutionBuffer(
      own.record,
      own.head,
      own.inbox,
      own.due,
      sid,
      now,
      now + leaseMs,
      onlyDue ? 1 : 0
    )
  )
  return answer === -1 ? null : claimOf(answer)
}
