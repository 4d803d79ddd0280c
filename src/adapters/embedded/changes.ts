import type { Row } from './table.ts'

/** What the bodies of one round have changed so far: as rows for the journal, and how to take it back. */
export interface Changes {
  readonly rows: string[]
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

/** Neither keys nor values have these: they are JSON. */
const betweenRows = '\x1e'
const betweenFields = '\x1f'

/** The key is JSON already; without a value the row was removed. */
export const rowText = (table: string, key: string, value: string | null): string =>
  value === null ? table + betweenFields + key : table + betweenFields + key + betweenFields + value

export const roundText = ({ rows }: Changes): string => rows.join(betweenRows)

export function readRound(text: string): (Row & { readonly table: string })[] {
  return text.split(betweenRows).map(row => {
    const [table = '', key = '', value = null] = row.split(betweenFields)
    return { table, key: JSON.parse(key), value }
  })
}
