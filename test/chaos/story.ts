// What the simulator's log tells of each conversation, in short.
import type { LogEntry } from '../../src/simulator/log.ts'
import type { World } from '../../src/simulator/world.ts'

export interface Stories {
  /** Takes over what is new in the log, before the log forgets it. */
  read(): void
  /** One line for each thing that happened. */
  of(conversationSid: string): readonly string[]
  /** SIDs of messages whose webhook call was answered with a 2xx. */
  readonly acknowledged: ReadonlySet<string>
  /** How often each thing has gone wrong at Twilio. */
  readonly faults: ReadonlyMap<string, number>
}

export function keepStories({ log }: World): Stories {
  const lines = new Map<string, string[]>()
  const acknowledged = new Set<string>()
  const faults = new Map<string, number>()
  let last = 0

  return {
    acknowledged,
    of: sid => lines.get(sid) ?? [],
    faults,
    read() {
      for (const entry of log.after(last)) {
        last = entry.number
        for (const name of entry.faults) faults.set(name, (faults.get(name) ?? 0) + 1)
        const sid = conversationIn(entry)
        if (sid === undefined) continue
        const known = lines.get(sid)
        if (known) known.push(lineOf(entry))
        else lines.set(sid, [lineOf(entry)])
        if (entry.type === 'delivery' && entry.status !== null && entry.status < 300)
          acknowledged.add(entry.params.MessageSid ?? '')
      }
    }
  }
}

const conversationIn = (entry: LogEntry): string | undefined =>
  entry.type === 'delivery' ? entry.conversationSid : /CH[0-9a-f]{32}/.exec(entry.path)?.[0]

function lineOf(entry: LogEntry): string {
  const time = entry.at.slice(11, 23)
  if (entry.type === 'delivery') {
    const { Body, Index } = entry.params
    return `${time} webhook: ${Index} ${Body}: ${entry.status ?? entry.error} after ${entry.ms} ms`
  }
  const { method, path, form, status, code } = entry
  const what = path.replace(/^.*CH[0-9a-f]{32}/, '…')
  const said = form.Body ?? form.State ?? ''
  return `${time} ${method} ${what} ${said}: ${status ?? 'cut'}${code ? ` (${code})` : ''}`
}
