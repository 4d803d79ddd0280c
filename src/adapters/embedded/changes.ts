import type { Key } from './table.ts'

/** A row as it is from now on. */
export interface Row {
  readonly table: string
  readonly key: Key
  /** The key as JSON. */
  readonly id: string
  /** A text, of which the bytes are kept once they are written; null where the row was removed. */
  value: string | Buffer | null
}

export const makeRow = (table: string, key: Key, value: Row['value']): Row => ({
  table,
  key,
  id: JSON.stringify(key),
  value
})

/** What the bodies of one round have changed so far, and how to take it back. */
export interface Changes {
  readonly rows: Row[]
  readonly undo: (() => void)[]
}

export const makeChanges = (): Changes => ({ rows: [], undo: [] })

/** Runs the body; where it throws, nothing of it has happened. */
export function wholeOrNothing<T>({ rows, undo }: Changes, body: () => T): T {
  const before = { rows: rows.length, undo: undo.length }
  try {
    return body()
  } catch (error) {
    undoTo(undo, before.undo)
    rows.length = before.rows
    throw error
  }
}

export function keep({ rows, undo }: Changes): void {
  rows.length = 0
  undo.length = 0
}

export function takeBack({ rows, undo }: Changes): void {
  undoTo(undo, 0)
  rows.length = 0
}

function undoTo(undo: (() => void)[], length: number): void {
  while (undo.length > length) undo.pop()?.()
}
