// A round as bytes: for each row a line of JSON that says which one it is, and right after it the value.
import { makeRow, type Row } from './changes.ts'
import type { Key } from './table.ts'

/** For its length where the row was removed. */
const removed = -1
const nothing = Buffer.alloc(0)

export const roundBytes = (rows: readonly Row[]): Buffer =>
  Buffer.concat(
    rows.flatMap(({ table, id, value }) => [
      Buffer.from(`["${table}",${value?.length ?? removed},${id}]\n`),
      value ?? nothing
    ])
  )

export function* readRound(bytes: Buffer): Generator<Row> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at) + 1
    const line: [string, number, Key] = JSON.parse(bytes.toString('utf8', at, end))
    const [table, length, key] = line
    at = end + Math.max(length, 0)
    yield makeRow(table, key, length === removed ? null : bytes.subarray(end, at))
  }
}
