import type { InboxEvent } from '../../engine/event.ts'
import type { Execution } from '../../engine/execution.ts'
import { executionText, stepText } from '../../engine/text.ts'
import type { Claim, Commit } from '../../runtime/ports.ts'
import { newMark, remember } from '../memory/saves.ts'
import type { Contents, Tables } from './database.ts'
import { claimedHead, type Head, leased, saveHead } from './head.ts'
import { consume, readInbox } from './inbox.ts'
import { contactPart, executionKey, stepKey } from './keys.ts'
import { enlistEnded, enlistUnder } from './lists.ts'

export function commit(
  { tables, memory }: Contents,
  claim: Claim,
  { execution, steps, consumed, dueAt, hold, now }: Commit,
  leaseMs: number
): () => readonly InboxEvent[] {
  const { sid } = claim.execution
  const text = executionText(execution)
  const stepTexts = steps.map(step => ({
    key: stepKey(sid, step.number),
    text: stepText(step)
  }))

  return () => {
    const before = claimedHead(tables, claim)
    tables.records.put(executionKey(sid), text)
    for (const step of stepTexts) tables.records.put(step.key, step.text)
    const mark = newMark()
    remember(memory, { execution, mark })
    const head = { ...index(tables, execution, consume(tables, sid, before, consumed)), mark }
    const goesOn = hold || head.waiting > 0
    saveHead(
      tables,
      sid,
      before,
      goesOn ? leased(head, now + leaseMs) : { ...head, leaseUntil: null, dueAt }
    )
    return readInbox(tables, sid, head)
  }
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
