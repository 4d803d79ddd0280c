/** A time zone: minutes ahead of UTC and the zone's name, at an instant in epoch milliseconds. */
export interface Zone {
  readonly offset: (time: number) => number
  readonly name: (time: number) => string
}

/**
 * `UTC`, an offset such as `-07:00`, or an IANA name. Throws a RangeError for a zone there is not.
 */
export function zoneNamed(name: string): Zone {
  if (name === 'UTC') return { offset: () => 0, name: () => name }
  const fixed = minutesIn(name)
  if (fixed !== null) return { offset: () => fixed, name: () => name }
  const offsets = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' })
  const names = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'short' })
  return {
    offset: time => minutesIn(zonePart(offsets, time).slice('GMT'.length)) ?? 0,
    name: time => zonePart(names, time)
  }
}

/** `+0530`, or `+05:30` with a colon between. */
export function offsetText(minutes: number, colon: string): string {
  const pad = (number: number) => String(number).padStart(2, '0')
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60))}${colon}${pad(size % 60)}`
}

function minutesIn(offset: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)/.exec(offset) ?? []
  if (sign === undefined) return null
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
}

function zonePart(format: Intl.DateTimeFormat, time: number): string {
  return format.formatToParts(time).find(part => part.type === 'timeZoneName')?.value ?? ''
}
