import type { InboxEvent } from '../../engine/event.ts'
import type { Execution } from '../../engine/execution.ts'
import { FenceLost } from '../../runtime/errors.ts'
import type { Claim, Commit } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'
import { beginningOf } from './claims.ts'
import { eventKey, readEvent } from './inbox.ts'
import { contactList, conversationList, placeOf } from './lists.ts'
import { packExecution, packSteps } from './record.ts'

export async function commit(
  { run, keys, leaseMs }: Backend,
  claim: Claim,
  { execution, steps, consumed, dueAt, hold, now }: Commit
): Promise<InboxEvent[]> {
  const { sid, flowSid } = claim.execution
  const own = keys.execution(sid)
  if (!own) throw new FenceLost(sid)

  const answer = await run(client =>
    client.commitTurn(
      own.record,
      own.head,
      own.inbox,
      own.due,
      keys.lists(own.shard, flowSid),
      sid,
      claim.fence,
      packExecution(execution),
      steps.length === 0 ? '' : packSteps(steps, beginningOf(claim)),
      dueAt ?? '',
      now + leaseMs,
      hold ? 1 : 0,
      execution.status === 'ended' ? 1 : 0,
      placeOf(claim.execution),
      contactList(claim.execution),
      consumed.length,
      ...consumed.map(eventKey),
      ...newLists(claim.execution, execution)
    )
  )
  if (answer === -1) throw new FenceLost(sid)
  return answer.map(readEvent)
}

/** Of the Conversations that the turn has come upon; its claim began with the others. */
function newLists(before: Execution, after: Execution): string[] {
  const listed = new Set(before.attachments.map(({ conversationSid }) => conversationSid))
  return after.attachments
    .filter(({ conversationSid }) => !listed.has(conversationSid))
    .map(({ conversationSid }) => conversationList(conversationSid))
}
