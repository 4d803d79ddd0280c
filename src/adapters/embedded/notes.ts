import type { NoteStore } from '../../runtime/ports.ts'
import type { Database } from './database.ts'
import { keyPart } from './keys.ts'

export const embeddedNotes = ({ tables: { notes }, read, transaction }: Database): NoteStore => ({
  fetchNote: name => read(() => notes.get([keyPart(name)]) ?? null),
  replaceNote: (name, before, after) =>
    transaction(() => {
      if ((notes.get([keyPart(name)]) ?? null) !== before) return false
      notes.put([keyPart(name)], after)
      return true
    })
})
