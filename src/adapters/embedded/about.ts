// What the store keeps about itself.
import { StoreRefused } from '../../runtime/errors.ts'
import type { Contents } from './database.ts'
import type { Key, LmdbTable, Table } from './table.ts'

/** Of all that is written in the folder. With another number the folder of one cannot be read by the other. */
const format = '2'

const formatKey: Key = ['format']
const fencesKey: Key = ['fences']

/** An older version wrote no format. */
export function checkFormat({ tables, about }: FormatTables, dir: string): void {
  const found = about.get(formatKey)
  if (found === format) return
  if (found !== undefined || tables.some(isFilled))
    throw new StoreRefused(
      `${dir} was written by another version of this service (format ${found ?? '1'}; this one reads ${format}). Go on with that version, or give this one an empty folder.`
    )
  about.putSync(formatKey, format)
}

interface FormatTables {
  readonly tables: readonly Table[]
  readonly about: LmdbTable
}

function isFilled(table: Table): boolean {
  for (const _ of table.getKeys({})) return true
  return false
}

/** Reserved on the disk at once, as claims leave no fence there. */
const fencesAtOnce = 1_000_000

export function readFences({ about, underWay }: Contents): void {
  underWay.lastFence = underWay.reservedFence = Number(about.get(fencesKey) ?? '0')
}

/** Greater than any that this or an earlier process gave. */
export function nextFence({ about, underWay, changes }: Contents): number {
  if (underWay.lastFence >= underWay.reservedFence) {
    const before = underWay.reservedFence
    changes.undo.push(() => {
      underWay.reservedFence = before
    })
    underWay.reservedFence = underWay.lastFence + fencesAtOnce
    about.put(fencesKey, String(underWay.reservedFence))
  }
  underWay.lastFence += 1
  return underWay.lastFence
}
