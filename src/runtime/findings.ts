// The words of a reconciliation: what was found otherwise than it should be, and what was done about it.

/**
 * - `missing`: an execution that waits has no webhook
 * - `moved`: its webhook leads to where this service was reached before
 * - `doubled`: it has more than one
 * - `leaked`: a webhook that no execution of ours wants
 * - `foreign`: a webhook of another service like this one, or of this one at another address
 * - `open`, `undeleted`: a Conversation that should have been closed, or deleted
 * - `unfinished`: what is left to undo after the end has not been undone yet
 * - `gone`: an active execution talks in a Conversation that is closed or not there any more
 * - `busy`: the execution was in the middle of a turn each time
 * - `unreadable`: Twilio did not say how things are
 */
export const foundWords = [
  'missing',
  'moved',
  'doubled',
  'leaked',
  'foreign',
  'open',
  'undeleted',
  'unfinished',
  'gone',
  'busy',
  'unreadable'
] as const
export type Found = (typeof foundWords)[number]

/** `reported` in a dry run; `left` where nothing is to be done; `skipped` and `failed` where it may be tried again. */
export const doneWords = [
  'registered',
  'replaced',
  'removed',
  'closed',
  'deleted',
  'finished',
  'reported',
  'left',
  'skipped',
  'failed'
] as const
export type Done = (typeof doneWords)[number]

export interface Finding {
  readonly executionSid: string
  readonly conversationSid: string | null
  readonly found: Found
  readonly done: Done
  /** Why it was not put right; null where it was. */
  readonly reason: string | null
}
