// The rows of what is under way.
import type { InboxEvent } from '../../engine/event.ts'
import type { Contents } from './database.ts'
import { pendingKey } from './keys.ts'
import { readHead } from './saved.ts'
import type { Waiting } from './under-way.ts'

/** An event, or none, and whether the execution was claimed along with it. */
interface Row {
  readonly sid: string
  readonly claimed: boolean
  readonly event: InboxEvent | null
}

/** Answers the number of the row; `event` is JSON, made before the transaction. */
export function addEvent(contents: Contents, sid: string, event: string, claimed: boolean): number {
  return addRow(contents, `{"sid":${JSON.stringify(sid)},"claimed":${claimed},"event":${event}}`)
}

export function addClaim(contents: Contents, sid: string): number {
  const row: Row = { sid, claimed: true, event: null }
  return addRow(contents, JSON.stringify(row))
}

function addRow({ tables, underWay }: Contents, text: string): number {
  underWay.lastRow += 1
  tables.pending.put(pendingKey(underWay.lastRow), text)
  return underWay.lastRow
}

export function removeRow({ tables }: Contents, row: number): void {
  tables.pending.remove(pendingKey(row))
}

/**
 * What another process left behind. Whoever held something there is gone, so it is due to be recovered: what
 * was about to be done may have been done. No claim has the fence 0.
 */
export function restore(contents: Contents): void {
  const { tables, underWay } = contents
  const claims = new Map<string, number>()
  const inboxes = new Map<string, Waiting[]>()
  for (const { key, value } of tables.pending.getRange({})) {
    const row = Number(key[1])
    const { sid, claimed, event }: Row = JSON.parse(value)
    const inbox = inboxes.get(sid) ?? []
    if (event) inbox.push({ row, event })
    inboxes.set(sid, inbox)
    if (claimed) claims.set(sid, row)
    underWay.lastRow = row
  }
  for (const [sid, inbox] of inboxes) {
    const row = claims.get(sid)
    const head = row === undefined ? null : readHead(contents, sid)
    if (row === undefined || head === null)
      underWay.queued.set(sid, { type: 'queued', inbox, dueAt: 0 })
    else underWay.held.set(sid, { type: 'held', inbox, fence: 0, leaseUntil: 0, row, head })
  }
}
