// A table of LMDB together with the rows that are in the journal and not there yet.
import { compareKeys, type Database as LmdbDatabase, type RangeOptions } from 'lmdb'
import { type Changes, rowText } from './changes.ts'

/** Sorted field by field: numbers before strings, and a key before those that it begins. At least two. */
export type Key = (string | number)[]
export type LmdbTable = LmdbDatabase<string, Key>

/** The part of LMDB's interface that we need. */
export interface Table {
  get(key: Key): string | undefined
  doesExist(key: Key): boolean
  put(key: Key, value: string): unknown
  remove(key: Key): unknown
  getKeys(range: Range): Iterable<Key>
  getRange(range: Range): Iterable<{ readonly key: Key; readonly value: string }>
}

export type Range = Pick<RangeOptions, 'reverse' | 'exclusiveStart'> & {
  readonly start?: Key
  readonly end?: Key
}

/** Null where it was removed. */
export interface Row {
  readonly key: Key
  readonly value: string | null
}

export interface JournaledTable extends Table {
  /** In the journal. */
  readonly name: string
  readonly lmdb: LmdbTable
  /** All rows that LMDB does not have yet. */
  changed(): Row[]
  /** LMDB has these rows now. */
  settled(rows: readonly Row[]): void
}

export function journaled(name: string, lmdb: LmdbTable, changes: Changes): JournaledTable {
  /** By the first field of the key, as no range goes beyond one; then by the key as text. */
  const rows = new Map<Key[0] | undefined, Map<string, Row>>()

  function change(key: Key, value: string | null): void {
    const text = JSON.stringify(key)
    changes.rows.push(rowText(name, text, value))
    const before = rows.get(key[0])?.get(text)
    changes.undo.push(() => set(key[0], text, before))
    set(key[0], text, { key, value })
  }

  function set(first: Key[0] | undefined, text: string, row: Row | undefined): void {
    const bucket = rows.get(first) ?? new Map<string, Row>()
    if (row) bucket.set(text, row)
    else bucket.delete(text)
    if (bucket.size > 0) rows.set(first, bucket)
    else rows.delete(first)
  }

  const rowAt = (key: Key): Row | undefined => rows.get(key[0])?.get(JSON.stringify(key))

  function rowsIn(range: Range): Row[] {
    const first = range.start?.[0]
    const buckets =
      first !== undefined && first === range.end?.[0] ? [rows.get(first)] : rows.values()
    return [...buckets].flatMap(bucket => [...(bucket?.values() ?? [])]).filter(contains(range))
  }

  function* getRange(range: Range): Generator<{ readonly key: Key; readonly value: string }> {
    const order = range.reverse ? (a: Key, b: Key) => compareKeys(b, a) : compareKeys
    const changed = rowsIn(range).sort((a, b) => order(a.key, b.key))
    let [next] = changed
    let at = 0
    for (const entry of lmdb.getRange(range)) {
      for (; next && order(next.key, entry.key) < 0; next = changed[++at])
        if (next.value !== null) yield { key: next.key, value: next.value }
      if (!next || order(next.key, entry.key) !== 0) yield entry
    }
    for (; next; next = changed[++at])
      if (next.value !== null) yield { key: next.key, value: next.value }
  }

  return {
    name,
    lmdb,
    get(key) {
      const row = rowAt(key)
      return row ? (row.value ?? undefined) : lmdb.get(key)
    },
    doesExist(key) {
      const row = rowAt(key)
      return row ? row.value !== null : lmdb.doesExist(key)
    },
    put: change,
    remove: key => change(key, null),
    getRange,
    *getKeys(range) {
      for (const { key } of getRange(range)) yield key
    },
    changed: () => rowsIn({}),
    settled(settled) {
      for (const row of settled)
        if (rowAt(row.key) === row) set(row.key[0], JSON.stringify(row.key), undefined)
    }
  }
}

/** As LMDB has it: a range ends before its end, and begins with its start unless that is excluded. */
const contains =
  ({ start, end, reverse, exclusiveStart }: Range) =>
  ({ key }: Row): boolean => {
    const fromStart = start === undefined ? 1 : compareKeys(key, start) * (reverse ? -1 : 1)
    const toEnd = end === undefined ? 1 : compareKeys(end, key) * (reverse ? -1 : 1)
    return toEnd > 0 && (exclusiveStart ? fromStart > 0 : fromStart >= 0)
  }
