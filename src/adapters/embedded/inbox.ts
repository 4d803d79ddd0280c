import type { InboxEvent } from '../../engine/event.ts'
import type { Tables } from './database.ts'
import type { Head } from './head.ts'
import { inboxKey, inboxOf, seenKey } from './keys.ts'

/** An event on its way into an inbox; encoded before its transaction, which nothing may then interrupt. */
export interface Arrival {
  readonly event: InboxEvent
  readonly text: string
}

export const arrivalOf = (event: InboxEvent): Arrival => ({ event, text: JSON.stringify(event) })

/** Whether the event id was delivered before, or consumed without ever being delivered. */
export const wasSeen = ({ records }: Tables, sid: string, eventId: string): boolean =>
  records.doesExist(seenKey(sid, eventId))

export function append({ records }: Tables, sid: string, head: Head, arrival: Arrival): Head {
  const number = head.arrived + 1
  records.put(inboxKey(sid, number), arrival.text)
  records.put(seenKey(sid, arrival.event.id), String(number))
  return { ...head, arrived: number, waiting: head.waiting + 1 }
}

/** The events are gone from the inbox, and their ids stay seen for the life of the execution. */
export function consume(
  { records }: Tables,
  sid: string,
  head: Head,
  ids: readonly string[]
): Head {
  let { waiting } = head
  for (const id of ids) {
    const number = records.get(seenKey(sid, id))
    if (number === undefined) records.put(seenKey(sid, id), '0')
    else if (records.removeSync(inboxKey(sid, Number(number)))) waiting -= 1
  }
  return { ...head, waiting }
}

/** In the order of arrival. */
export function readInbox({ records }: Tables, sid: string, head: Head): InboxEvent[] {
  if (head.waiting === 0) return []
  return Array.from(records.getRange(inboxOf(sid)), ({ value }) => JSON.parse(value))
}
