import type { NoteStore } from '../../runtime/ports.ts'
import type { Backend } from './backend.ts'

export const redisNotes = ({ run, keys }: Backend): NoteStore => ({
  fetchNote: name => run(client => client.get(keys.note(name))),
  replaceNote: async (name, before, after) =>
    (await run(client =>
      client.replaceNote(keys.note(name), before === null ? 0 : 1, before ?? '', after)
    )) === 1
})
