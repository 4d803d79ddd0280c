import type { Execution } from '../../engine/execution.ts'
import type { Claim } from '../../runtime/ports.ts'
import type { Contents, Tables } from './database.ts'
import { type Head, lease, leased, readHead, saveHead, timer } from './head.ts'
import { readInbox } from './inbox.ts'
import { executionKey } from './keys.ts'

/** Claims an execution that nobody holds; `before` is the head as it is saved, `head` what has changed since. */
export function take(
  { tables, memory }: Contents,
  sid: string,
  before: Head,
  head: Head,
  until: number
): Claim {
  const claimed = leased({ ...head, fence: head.fence + 1 }, until)
  saveHead(tables, sid, before, claimed)
  return {
    execution: lastSaved({ tables, memory }, sid, head),
    inbox: readInbox(tables, sid, claimed),
    fence: claimed.fence,
    recovering: head.leaseUntil !== null
  }
}

function lastSaved({ tables, memory }: Contents, sid: string, { mark }: Head): Execution {
  const saved = memory.get(sid)
  if (saved?.mark === mark) return saved.execution
  return JSON.parse(tables.records.get(executionKey(sid)) ?? 'null')
}

export function takeDue(contents: Contents, now: number, limit: number, until: number): Claim[] {
  const { tables } = contents
  return [...dueIn(tables, timer, now, limit), ...dueIn(tables, lease, now, limit)]
    .sort((a, b) => a.at - b.at)
    .slice(0, limit)
    .flatMap(({ sid }) => {
      const head = readHead(tables, sid)
      return head === null ? [] : [take(contents, sid, head, head, until)]
    })
}

/** The process that held them is gone, so their leases end now. What it was about to do may have been done. */
export function voidLeases(tables: Tables): void {
  for (const { sid } of dueIn(tables, lease, Number.POSITIVE_INFINITY)) {
    const head = readHead(tables, sid)
    if (head !== null) saveHead(tables, sid, head, leased(head, 0))
  }
}

/** Read to the end before anything is written, as writing moves the cursor's ground. */
const dueIn = ({ due }: Tables, kind: number, now: number, limit?: number) =>
  Array.from(
    due.getKeys({
      start: [kind],
      end: [kind, now, '~'],
      ...(limit === undefined ? {} : { limit })
    }),
    ([, at, sid]) => ({ at: Number(at), sid: String(sid) })
  )
