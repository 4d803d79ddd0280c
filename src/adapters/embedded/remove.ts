import type { Claim } from '../../runtime/ports.ts'
import type { Tables } from './database.ts'
import { claimedHead, moveDue } from './head.ts'
import { contactPart, meansOf, recordsOf } from './keys.ts'
import { unlist } from './lists.ts'

/** Leaves no key that names the execution. */
export function remove(tables: Tables, claim: Claim): void {
  const { execution } = claim
  const { sid } = execution
  const head = claimedHead(tables, claim)
  moveDue(tables, sid, head, null)
  unlist(tables, execution, head.conversations)
  tables.contacts.remove([contactPart(execution), sid])
  for (const [, , ...key] of tables.records.getKeys(meansOf(sid))) tables.idempotency.remove(key)
  for (const key of Array.from(tables.records.getKeys(recordsOf(sid)))) tables.records.remove(key)
}
