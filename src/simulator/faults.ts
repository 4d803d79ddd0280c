import type { Misbehaviour } from './moods.schema.ts'
import type { MoodSwings } from './moods.ts'

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
  /** Hold a webhook call back until the next one of the same webhook has overtaken it, or for so many milliseconds. */
  readonly overtaken?: number | undefined
}

export type Faults = {
  add(faults: readonly Fault[]): void
  clear(): void
  /** The fault for this call, if there is one; uses up one of its times. Those of moods come after these. */
  take(call: string): Fault | undefined
  readonly any: boolean
}

export function createFaults(moods: MoodSwings): Faults {
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
      if (!found) return moods.any ? moods.draw(call) : undefined
      found.left -= 1
      if (found.left <= 0) armed = armed.filter(candidate => candidate !== found)
      return found.fault
    },
    get any() {
      return armed.length > 0 || moods.any
    }
  }
}

/** What the log calls a fault, whether it was asked for or drawn. */
export function namesOf(fault: Fault | undefined): readonly (Misbehaviour | 'refusal')[] {
  if (!fault) return []
  const { call, status, code, after, drop, delay = 0, copies = 1, overtaken } = fault
  const webhook = /^webhook /i.test(call)
  if (drop) return [webhook ? 'lose' : after ? 'timeoutAfter' : 'timeout']
  const names: (Misbehaviour | 'refusal')[] = []
  if (copies > 1) names.push('duplicate')
  if (overtaken !== undefined) names.push('reorder')
  if (delay > 0) names.push(webhook ? 'delay' : 'slow')
  if (status === 429) names.push('tooMany')
  else if (code === 50361) names.push('fullHooks')
  else if (status !== undefined && status < 500) names.push('refusal')
  else if (status !== undefined) names.push(after ? 'serverErrorAfter' : 'serverError')
  return names
}
