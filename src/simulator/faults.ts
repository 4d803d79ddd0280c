/**
 * Something that shall go wrong with the next calls of a kind.
 *
 * `call` is a method and the resource it is about, like `POST messages`, `POST conversations`
 * (create or update) or `DELETE webhooks`. For the calls that the simulator makes, it is `WEBHOOK`
 * and an event, like `WEBHOOK onMessageAdded`.
 */
export type Fault = {
  readonly call: string
  /** How many calls are affected; 1 if not given. */
  readonly times?: number | undefined
  /** HTTP status of the answer. With neither `status` nor `drop`, the call is only delayed. */
  readonly status?: number | undefined
  readonly code?: number | undefined
  readonly message?: string | undefined
  /** Seconds, for the header of that name. */
  readonly retryAfter?: number | undefined
  /** Do the work first, and fail only then: the caller cannot know the outcome. */
  readonly after?: boolean | undefined
  /** Cut the connection instead of answering; for a webhook, lose the call. */
  readonly drop?: boolean | undefined
  /** Milliseconds to wait. A webhook call that waits is overtaken by those behind it. */
  readonly delay?: number | undefined
  /** How often to make a webhook call; 1 if not given. */
  readonly copies?: number | undefined
}

export type Faults = {
  add(faults: readonly Fault[]): void
  clear(): void
  /** The fault for this call, if there is one; uses up one of its times. */
  take(call: string): Fault | undefined
  readonly any: boolean
}

export function createFaults(): Faults {
  let armed: { readonly call: string; readonly fault: Fault; left: number }[] = []
  return {
    add(faults) {
      for (const fault of faults) {
        armed.push({ call: fault.call.toLowerCase(), fault, left: fault.times ?? 1 })
      }
    },
    clear() {
      armed = []
    },
    take(call) {
      const wanted = call.toLowerCase()
      const found = armed.find(candidate => candidate.call === wanted)
      if (!found) return undefined
      found.left -= 1
      if (found.left <= 0) armed = armed.filter(candidate => candidate !== found)
      return found.fault
    },
    get any() {
      return armed.length > 0
    }
  }
}
