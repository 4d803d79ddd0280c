import type { Claim } from '../../runtime/ports.ts'
import type { Contents } from './database.ts'
import { contactPart, meansOf, recordsOf } from './keys.ts'
import { unlist } from './lists.ts'
import { removeRow } from './pending.ts'
import { replaceDueRow } from './saved.ts'
import { heldBy, setPending } from './under-way.ts'

/** Leaves no key that names the execution. */
export function remove(contents: Contents, claim: Claim): void {
  const { tables, memory, underWay } = contents
  const { execution } = claim
  const { sid } = execution
  const { head, inbox, row } = heldBy(underWay, claim)
  for (const { row } of inbox) removeRow(contents, row)
  removeRow(contents, row)
  replaceDueRow(tables, sid, head.dueRow, null)
  unlist(tables, execution, head.conversations)
  tables.contacts.remove([contactPart(execution), sid])
  for (const [, , ...key] of Array.from(tables.records.getKeys(meansOf(sid))))
    tables.idempotency.remove(key)
  for (const key of Array.from(tables.records.getKeys(recordsOf(sid)))) tables.records.remove(key)
  setPending(contents, sid, null)
  memory.delete(sid)
}
