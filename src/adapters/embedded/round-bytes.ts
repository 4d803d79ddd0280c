// A round as bytes: for each row a line of JSON that says which one it is, and right after it the value.
import { makeRow, type Row } from './changes.ts'
import type { Key } from './table.ts'

/** For a length where the row was removed. */
const removed = -1

/** With room for so many bytes before it. From now on the rows have their values there. */
export function roundBytes(rows: readonly Row[], room: number): Buffer {
  const lines = rows.map(lineOf)
  const sizes = rows.map(({ value }, at) => sizeOf(lines[at] ?? '') + sizeOf(value ?? ''))
  const bytes = Buffer.allocUnsafe(sizes.reduce((sum, size) => sum + size, room))
  let at = room
  for (const [number, row] of rows.entries()) {
    at += bytes.write(lines[number] ?? '', at)
    if (row.value === null) continue
    const end = at + sizeOf(row.value)
    bytes.write(row.value.toString(), at)
    row.value = bytes.subarray(at, end)
    at = end
  }
  return bytes
}

const lineOf = ({ table, id, value }: Row): string =>
  `["${table}",${value === null ? removed : sizeOf(value)},${id}]\n`

const sizeOf = (text: string | Buffer): number => Buffer.byteLength(text)

export function* readRound(bytes: Buffer): Generator<Row> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\n', at) + 1
    const line: [string, number, Key] = JSON.parse(bytes.toString('utf8', at, end))
    const [table, length, key] = line
    at = end + Math.max(length, 0)
    yield makeRow(table, key, length === removed ? null : bytes.subarray(end, at))
  }
}
