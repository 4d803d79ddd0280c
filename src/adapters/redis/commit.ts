import type { InboxEvent } from '../../engine/event.ts'
import type { Execution } from '../../engine/execution.ts'
import { FenceLost } from '../../runtime/errors.ts'
import type { Claim, Commit } from '../../runtime/ports.ts'
import { newMark, remember } from '../memory/saves.ts'
import type { Backend } from './backend.ts'
import { lastSaves } from './claims.ts'
import { eventKey, readEvent } from './inbox.ts'
import { inOrder } from './keys.ts'
import { contactList, conversationList, placeOf } from './lists.ts'
import { type LastSave, mostTexts, nextSave, readRecord } from './record.ts'

export async function commit(backend: Backend, claim: Claim, turn: Commit): Promise<InboxEvent[]> {
  for (;;) {
    const last = lastSaves.get(claim) ?? (await readLastSave(backend, claim))
    const left = await save(backend, claim, turn, last)
    if (left) return left
    // It was saved under a copy of this claim.
    lastSaves.delete(claim)
  }
}

async function save(
  { run, keys, leaseMs, memory }: Backend,
  claim: Claim,
  { execution, steps, consumed, dueAt, hold, now }: Commit,
  last: LastSave
): Promise<InboxEvent[] | null> {
  const { sid, flowSid } = claim.execution
  const own = keys.execution(sid)
  if (!own) throw new FenceLost(sid)

  const ended = execution.status === 'ended'
  const { entry, save } = nextSave(last, execution, steps, newMark())
  // Before it is known to be saved: the next event may be on its way already, and the mark will tell.
  remember(memory, save)
  const answer = await run(client =>
    client.commitTurn(
      ...inOrder(own),
      keys.lists(own.shard, flowSid),
      sid,
      claim.fence,
      entry.dropped,
      entry.first,
      entry.batch ?? '',
      last.mark,
      save.mark,
      dueAt ?? '',
      now + leaseMs,
      hold ? 1 : 0,
      ended ? 1 : 0,
      placeOf(claim.execution),
      ended ? contactList(claim.execution) : '',
      consumed.length,
      ...consumed.map(eventKey),
      ...newLists(claim.execution, execution)
    )
  )
  if (answer === -1) throw new FenceLost(sid)
  if (answer === -2) return null
  lastSaves.set(claim, save)
  return answer.map(readEvent)
}

/** Of the Conversations that the turn has come upon; its claim began with the others. */
function newLists(before: Execution, after: Execution): string[] {
  const listed = new Set(before.attachments.map(({ conversationSid }) => conversationSid))
  return after.attachments
    .filter(({ conversationSid }) => !listed.has(conversationSid))
    .map(({ conversationSid }) => conversationList(conversationSid))
}

async function readLastSave({ run, keys }: Backend, { execution }: Claim): Promise<LastSave> {
  const own = keys.execution(execution.sid)
  if (!own) throw new FenceLost(execution.sid)
  const [mark, record] = await Promise.all([
    run(client => client.hget(own.head, 'mark')),
    run(client => client.lrangeBuffer(own.record, 0, mostTexts - 1))
  ])
  if (record.length === 0) throw new FenceLost(execution.sid)
  return { ...readRecord(record), mark: mark ?? '' }
}
