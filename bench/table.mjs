// Tables that can be read as they are, and pasted into Markdown.

/**
 * @typedef {object} Table
 * @property {string} title
 * @property {readonly string[]} columns
 * @property {readonly (readonly string[])[]} rows
 * @property {readonly string[]} notes what a reader must know to understand the numbers
 */

/** @param {Table} table */
export function textOf({ title, columns, rows, notes }) {
  const widths = columns.map((column, at) =>
    Math.max(3, column.length, ...rows.map(row => row[at].length))
  )
  const line = cells => `| ${cells.map(padded).join(' | ')} |`
  const padded = (cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))
  const rule = widths.map((width, at) =>
    at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`
  )
  return [
    title,
    '',
    line(columns),
    line(rule),
    ...rows.map(line),
    '',
    ...notes.map(note => `  ${note}`)
  ].join('\n')
}
