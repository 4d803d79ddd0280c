/** Rows as text, each column as wide as its widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, at) => Math.max(widest[at] ?? 0, cell.length)),
    []
  )
  return rows
    .map(row =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

/** With a headline; nothing at all would look like a mistake, so an empty table says what it has none of. */
export const table = (
  headline: readonly string[],
  rows: readonly (readonly string[])[],
  none: string
): string => (rows.length === 0 ? none : columns([headline, ...rows]))

export const json = (value: unknown): string => JSON.stringify(value, null, 2)
