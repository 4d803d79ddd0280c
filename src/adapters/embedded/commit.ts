import type { InboxEvent } from '../../engine/event.ts'
import type { Execution, Step } from '../../engine/execution.ts'
import { executionText, stepText } from '../../engine/text.ts'
import type { Claim, Commit } from '../../runtime/ports.ts'
import type { Contents, Tables } from './database.ts'
import { contactPart, stepsKey, takenKey } from './keys.ts'
import { enlistEnded, enlistUnder } from './lists.ts'
import { addClaim, removeRow } from './pending.ts'
import { dueFrom, type Head, save } from './saved.ts'
import { eventsOf, type Held, heldBy, setPending } from './under-way.ts'

export function commit(
  contents: Contents,
  claim: Claim,
  { execution, steps, consumed, dueAt, hold, now }: Commit,
  leaseMs: number
): () => readonly InboxEvent[] {
  const { tables, underWay } = contents
  const { sid } = claim.execution
  const text = executionText(execution)
  const stepLines = steps.map(stepText).join('\n')

  return () => {
    const before = heldBy(underWay, claim)
    keepTaken(tables, sid, before, consumed, steps, stepLines)
    const inbox = before.inbox.filter(({ event }) => !consumed.includes(event.id))
    const indexed = index(tables, execution, before.head)
    if (hold || inbox.length > 0) {
      const row = removeDone(contents, before, consumed) ? addClaim(contents, sid) : before.row
      save(contents, { execution, head: indexed }, text)
      setPending(contents, sid, { ...before, inbox, leaseUntil: now + leaseMs, row, head: indexed })
    } else {
      if (!removeDone(contents, before, consumed)) removeRow(contents, before.row)
      save(contents, { execution, head: dueFrom(tables, sid, indexed, dueAt, now) }, text)
      setPending(contents, sid, null)
    }
    return eventsOf(inbox)
  }
}

/** What was taken stays seen for life. Its row has the steps of the turn as well, and so they need none. */
function keepTaken(
  { records }: Tables,
  sid: string,
  { inbox }: Held,
  consumed: readonly string[],
  [first]: readonly Step[],
  stepLines: string
): void {
  let lines = stepLines
  for (const id of new Set(consumed)) {
    const key = takenKey(sid, id)
    if (!inbox.some(({ event }) => event.id === id) && records.doesExist(key)) continue
    records.put(key, lines)
    lines = ''
  }
  if (first && lines !== '') records.put(stepsKey(sid, first.number), lines)
}

/** Whether the row that said that it is claimed was among them. */
function removeDone(contents: Contents, before: Held, consumed: readonly string[]): boolean {
  const done = before.inbox.filter(({ event }) => consumed.includes(event.id))
  for (const { row } of done) removeRow(contents, row)
  return done.some(({ row }) => row === before.row)
}

/** The indexes follow what a turn can change: the Conversations of the execution, and that it has ended. */
function index(tables: Tables, execution: Execution, head: Head): Head {
  const listed = new Set(head.conversations)
  for (const { conversationSid } of execution.attachments) {
    if (listed.has(conversationSid)) continue
    listed.add(conversationSid)
    enlistUnder(tables, execution, conversationSid)
  }
  const ended = execution.status === 'ended'
  if (ended && !head.ended) {
    tables.contacts.remove([contactPart(execution), execution.sid])
    enlistEnded(tables, execution)
  }
  return { ...head, ended, conversations: [...listed] }
}
