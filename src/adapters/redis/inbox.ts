import type { InboxEvent } from '../../engine/event.ts'
import { keyPart } from './keys.ts'

/** An event id as scripts know it: without a space, so that it can stand before the event. */
export const eventKey = keyPart

export const writeEvent = (event: InboxEvent): string =>
  `${eventKey(event.id)} ${JSON.stringify(event)}`

export const readEvent = (text: string): InboxEvent => JSON.parse(text.slice(text.indexOf(' ') + 1))
