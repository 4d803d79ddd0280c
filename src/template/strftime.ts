// Ruby's strftime, which is what Liquid's `date` speaks. liquidjs has one too, but it reads the
// process's time zone and locale.
import { offsetText, type Zone } from './zone.ts'

interface Moment {
  readonly time: number
  /**
   * The same instant moved by the zone's offset, so that its UTC fields are the time on the wall.
   */
  readonly wall: Date
  readonly zone: Zone
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December']
]
const directive = /%([-0^#_]*)(\d{0,2})(:?z|[a-zA-Z%])/g

const shorthands = new Map([
  ['c', '%a %b %e %H:%M:%S %Y'],
  ['D', '%m/%d/%y'],
  ['F', '%Y-%m-%d'],
  ['R', '%H:%M'],
  ['r', '%I:%M:%S %p'],
  ['T', '%H:%M:%S'],
  ['v', '%e-%^b-%Y'],
  ['X', '%H:%M:%S'],
  ['x', '%m/%d/%y']
])

const words = new Map<string, (moment: Moment) => string>([
  ['A', ({ wall }) => days[wall.getUTCDay()] ?? ''],
  ['a', ({ wall }) => (days[wall.getUTCDay()] ?? '').slice(0, 3)],
  ['B', ({ wall }) => months[wall.getUTCMonth()] ?? ''],
  ['b', ({ wall }) => (months[wall.getUTCMonth()] ?? '').slice(0, 3)],
  ['h', ({ wall }) => (months[wall.getUTCMonth()] ?? '').slice(0, 3)],
  ['p', ({ wall }) => (wall.getUTCHours() < 12 ? 'AM' : 'PM')],
  ['P', ({ wall }) => (wall.getUTCHours() < 12 ? 'am' : 'pm')],
  ['z', ({ time, zone }) => offsetText(zone.offset(time), '')],
  [':z', ({ time, zone }) => offsetText(zone.offset(time), ':')],
  ['Z', ({ time, zone }) => zone.name(time)],
  ['n', () => '\n'],
  ['t', () => '\t'],
  ['%', () => '%']
])

type Field = readonly [width: number, fill: ' ' | '0', read: (moment: Moment) => number]

const numbers = new Map<string, Field>([
  ['Y', [4, '0', ({ wall }) => wall.getUTCFullYear()]],
  ['C', [2, '0', ({ wall }) => Math.floor(wall.getUTCFullYear() / 100)]],
  ['y', [2, '0', ({ wall }) => wall.getUTCFullYear() % 100]],
  ['m', [2, '0', ({ wall }) => wall.getUTCMonth() + 1]],
  ['d', [2, '0', ({ wall }) => wall.getUTCDate()]],
  ['e', [2, ' ', ({ wall }) => wall.getUTCDate()]],
  ['j', [3, '0', ({ wall }) => dayOfYear(wall) + 1]],
  ['H', [2, '0', ({ wall }) => wall.getUTCHours()]],
  ['k', [2, ' ', ({ wall }) => wall.getUTCHours()]],
  ['I', [2, '0', ({ wall }) => wall.getUTCHours() % 12 || 12]],
  ['l', [2, ' ', ({ wall }) => wall.getUTCHours() % 12 || 12]],
  ['M', [2, '0', ({ wall }) => wall.getUTCMinutes()]],
  ['S', [2, '0', ({ wall }) => wall.getUTCSeconds()]],
  ['L', [3, '0', ({ wall }) => wall.getUTCMilliseconds()]],
  ['u', [1, '0', ({ wall }) => wall.getUTCDay() || 7]],
  ['w', [1, '0', ({ wall }) => wall.getUTCDay()]],
  ['U', [2, '0', ({ wall }) => weekOfYear(wall, 0)]],
  ['W', [2, '0', ({ wall }) => weekOfYear(wall, 1)]],
  ['s', [1, '0', ({ time }) => Math.floor(time / 1000)]]
])

/** Writes an instant by a pattern; what is no directive stays as it is. */
export function strftime(time: number, pattern: string, zone: Zone): string {
  const moment = { time, wall: new Date(time + zone.offset(time) * 60_000), zone }
  return pattern.replace(directive, (all, flags: string, width: string, letter: string) => {
    const shorthand = shorthands.get(letter)
    const word = shorthand ? strftime(time, shorthand, zone) : words.get(letter)?.(moment)
    const [size, fill, read] = numbers.get(letter) ?? [0, ' ', () => 0]
    if (word === undefined && size === 0) return all
    const text = word ?? String(read(moment))
    const filler = flags.includes('_') ? ' ' : flags.includes('0') ? '0' : fill
    const padded = flags.includes('-') ? text : text.padStart(Number(width) || size, filler)
    return flags.includes('^') || flags.includes('#') ? padded.toUpperCase() : padded
  })
}

function dayOfYear(wall: Date): number {
  const newYear = new Date(wall).setUTCMonth(0, 1)
  return Math.round((wall.getTime() - newYear) / 86_400_000)
}

// Days before the year's first Sunday (0) or Monday (1) are in week 0.
function weekOfYear(wall: Date, firstDay: number): number {
  return Math.floor((dayOfYear(wall) + 7 - ((wall.getUTCDay() - firstDay + 7) % 7)) / 7)
}
