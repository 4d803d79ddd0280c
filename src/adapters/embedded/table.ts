// A table of LMDB together with the rows that are in the journal and not there yet.
import { compareKeys, type Database as LmdbDatabase, type RangeOptions } from 'lmdb'
import { type Changes, makeRow, type Row } from './changes.ts'

/** Sorted field by field: numbers before strings, and a key before those that it begins. At least two. */
export type Key = (string | number)[]
export type LmdbTable = LmdbDatabase<string, Key>
/** Text may be put as its bytes, and is given back as text. */
export type LmdbTextTable = LmdbDatabase<string | Buffer, Key>

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

export interface JournaledTable extends Table {
  /** In the journal. */
  readonly name: string
  /** All rows that LMDB does not have yet. */
  changed(): Row[]
  /** Without waiting for the disk. */
  putIntoLmdb(rows: Iterable<Row>): void
  /** LMDB has these rows now. */
  settled(rows: readonly Row[]): void
}

export function journaled(name: string, lmdb: LmdbTextTable, changes: Changes): JournaledTable {
  const rows = new Map<string, Row>()
  const rowAt = (key: Key): Row | undefined => rows.get(JSON.stringify(key))

  function change(key: Key, value: string | null): void {
    const row = makeRow(name, key, value)
    const before = rows.get(row.id)
    changes.rows.push(row)
    changes.undo.push(() => {
      if (before) rows.set(row.id, before)
      else rows.delete(row.id)
    })
    rows.set(row.id, row)
  }

  function* getRange(range: Range): Generator<{ readonly key: Key; readonly value: string }> {
    const order = range.reverse ? (a: Key, b: Key) => compareKeys(b, a) : compareKeys
    const changed = [...rows.values()]
      .filter(({ key }) => contains(range, key))
      .sort((a, b) => order(a.key, b.key))
    let [next] = changed
    let at = 0
    for (const entry of lmdb.getRange(range)) {
      for (; next && order(next.key, entry.key) < 0; next = changed[++at])
        if (next.value !== null) yield { key: next.key, value: next.value.toString() }
      if (!next || order(next.key, entry.key) !== 0)
        yield { key: entry.key, value: entry.value.toString() }
    }
    for (; next; next = changed[++at])
      if (next.value !== null) yield { key: next.key, value: next.value.toString() }
  }

  return {
    name,
    get(key) {
      const row = rowAt(key)
      return (row ? row.value : lmdb.get(key))?.toString()
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
    changed: () => [...rows.values()],
    putIntoLmdb(rows) {
      for (const { key, value } of rows) {
        if (value === null) lmdb.remove(key)
        else lmdb.put(key, value)
      }
    },
    settled(settled) {
      for (const row of settled) if (rows.get(row.id) === row) rows.delete(row.id)
    }
  }
}

/** As LMDB has it: a range ends before its end, and begins with its start unless that is excluded. */
function contains({ start, end, reverse, exclusiveStart }: Range, key: Key): boolean {
  // Most keys are of another execution.
  if (start && end && start[0] === end[0] && start[0] !== key[0]) return false
  const fromStart = start ? compareKeys(key, start) * (reverse ? -1 : 1) : 1
  const toEnd = end ? compareKeys(end, key) * (reverse ? -1 : 1) : 1
  return toEnd > 0 && (exclusiveStart ? fromStart > 0 : fromStart >= 0)
}
