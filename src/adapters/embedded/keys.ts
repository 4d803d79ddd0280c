// The only file that spells a key.
import { hash } from 'node:crypto'
import type { Key } from './table.ts'

/** What keeps an execution, each part under the SID and a letter of its own. */
export const executionKey = (sid: string): Key => [keyPart(sid), 'e']
/** An event that was taken, with the steps of that turn. */
export const takenKey = (sid: string, eventId: string): Key => [keyPart(sid), 's', keyPart(eventId)]
/** Steps of a turn that took no event, under the number of the first. */
export const stepsKey = (sid: string, number: number): Key => [keyPart(sid), 't', number]
/** Says of an idempotency key that it means this execution. */
export const meansKey = (sid: string, idempotencyKey: Key): Key => [
  keyPart(sid),
  'k',
  ...idempotencyKey
]

export const recordsOf = (sid: string) => startingWith([keyPart(sid)])
export const stepsOf = (sid: string) => ({
  start: [keyPart(sid), 's'],
  end: [keyPart(sid), 't', '~']
})
export const meansOf = (sid: string) => startingWith([keyPart(sid), 'k'])

/** Numbered in the order in which they came. */
export const pendingKey = (row: number): Key => ['p', row]

export const dueKey = (at: number, sid: string): Key => ['d', at, sid]
export const dueUntil = (now: number) => ({ start: ['d'], end: ['d', now, '~'] })

/** One contact in one flow. */
export const contactPart = ({ flowSid, contactSid }: Contact): string =>
  digest([flowSid, contactSid])
export const idempotencyKey = (contact: Contact, key: string): Key => [
  contactPart(contact),
  digest([key])
]

export interface Contact {
  readonly flowSid: string
  readonly contactSid: string
}

/** The range of all keys that begin so and go on; `~` and infinity come after anything we write. */
export const startingWith = (start: Key) => ({ start, end: [...start, '~'] })

/** LMDB keys are short and know no NUL, so a text from outside is its own key only where it is harmless. */
export const keyPart = (text: string): string => (harmless.test(text) ? text : `#${digest([text])}`)

const harmless = /^[\w.:+-]{1,64}$/
const digest = (parts: readonly string[]): string =>
  hash('sha256', JSON.stringify(parts), 'base64url')
