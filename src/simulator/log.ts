/** A call of the API; no status means that the connection was cut instead of answered. */
export type CallEntry = {
  readonly type: 'call'
  readonly method: string
  readonly path: string
  readonly form: Readonly<Record<string, unknown>>
  readonly status: number | null
  readonly code: number | null
  /** What went wrong with it on request, or in a mood. */
  readonly faults: readonly string[]
}

/**
 * One attempt to call a webhook; no status means that no answer came, for the reason in `error`.
 */
export type DeliveryEntry = {
  readonly type: 'delivery'
  readonly event: string
  readonly conversationSid: string
  readonly webhookSid: string
  readonly method: 'get' | 'post'
  readonly url: string
  readonly params: Readonly<Record<string, string>>
  readonly status: number | null
  readonly error: string | null
  readonly ms: number
  readonly faults: readonly string[]
}

/** Entries are numbered from 1, in the order in which things were done. */
export type LogEntry = { readonly number: number; readonly at: string } & (
  | CallEntry
  | DeliveryEntry
)

/** What happened, for those who want to see or check it. Keeps the newest entries only. */
export type Log = {
  write(entry: CallEntry | DeliveryEntry): void
  /** The entries with a number greater than this, oldest first. */
  after(number: number): LogEntry[]
  /** The number of the newest entry. */
  readonly last: number
  /** Forgets the entries; the numbers go on. */
  clear(): void
}

export function createLog(now: () => number, size: number): Log {
  let ring: LogEntry[] = []
  let first = 1
  let last = 0
  return {
    write(entry) {
      last += 1
      ring[last % size] = { number: last, at: new Date(now()).toISOString(), ...entry }
      if (last - first >= size) first = last - size + 1
    },
    after(number) {
      const entries: LogEntry[] = []
      for (let next = Math.max(number + 1, first); next <= last; next += 1) {
        const entry = ring[next % size]
        if (entry) entries.push(entry)
      }
      return entries
    },
    get last() {
      return last
    },
    clear() {
      ring = []
      first = last + 1
    }
  }
}
