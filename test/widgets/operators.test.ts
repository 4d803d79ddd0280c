// The operators of Split Based On against a plain reference that shares no code with them.
import fc, { type Arbitrary } from 'fast-check'
import t from 'tap'
import { makeOperators } from '../../src/widgets/operators.ts'
import { makeEnv } from '../support/pure-env.ts'

const env = makeEnv()
const matches = (pattern: string, text: string): boolean => env.matches(pattern, text) ?? false
const operators = makeOperators(matches)

type Reference = (input: string, value: string) => boolean

/** https://www.twilio.com/docs/studio/widget-library/split-based-on, word for word. */
const reference: Readonly<Record<string, Reference>> = {
  equal_to: (input, value) => letters(input) === letters(value),
  not_equal_to: (input, value) => letters(input) !== letters(value),
  matches_any_of: (input, value) => listed(input, value),
  does_not_match_any_of: (input, value) => !listed(input, value),
  is_blank: input => trim(input).length === 0,
  is_not_blank: input => trim(input).length > 0,
  regex: (input, value) => matches(value, trim(input)),
  contains: (input, value) => letters(input).indexOf(letters(value)) !== -1,
  does_not_contain: (input, value) => letters(input).indexOf(letters(value)) === -1,
  starts_with: (input, value) => starts(input, value),
  does_not_start_with: (input, value) => !starts(input, value),
  less_than: (input, value) => order(thousandths(input), thousandths(value)) === -1,
  greater_than: (input, value) => order(thousandths(input), thousandths(value)) === 1,
  is_before_time: (input, value) => order(minutes(input), minutes(value)) === -1,
  is_after_time: (input, value) => order(minutes(input), minutes(value)) === 1,
  is_before_date: (input, value) => order(days(input), days(value)) === -1,
  is_after_date: (input, value) => order(days(input), days(value)) === 1
}

const whiteSpace =
  '\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff'

function trim(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && whiteSpace.includes(text.charAt(from))) from += 1
  while (to > from && whiteSpace.includes(text.charAt(to - 1))) to -= 1
  return text.slice(from, to)
}

/** Letter by letter without its case, so that no letter depends on its neighbours. */
const letters = (text: string): string =>
  Array.from(trim(text), letter => letter.toLowerCase().toUpperCase())
    .join('')
    .normalize('NFC')

function listed(input: string, list: string): boolean {
  let item = ''
  for (const character of `${list},`) {
    if (character !== ',') item += character
    else if (letters(item) !== '' && letters(item) === letters(input)) return true
    else item = ''
  }
  return false
}

const starts = (input: string, value: string): boolean =>
  letters(input).slice(0, letters(value).length) === letters(value)

/** -1, 0 or 1, and null where one side is not what is compared. */
function order(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : Math.sign(a - b)
}

const isDigits = (text: string): boolean =>
  text.length > 0 && Array.from(text).every(digit => '0123456789'.includes(digit))

/** Whole thousandths, which every number of this test has. */
function thousandths(text: string): number | null {
  const plain = trim(text)
  const signed = plain.startsWith('-') || plain.startsWith('+')
  const [whole = '', fraction = '', ...rest] = (signed ? plain.slice(1) : plain).split('.')
  if (rest.length > 0 || !isDigits(whole + fraction)) return null
  const size = Number(`${whole}${fraction.padEnd(3, '0')}`)
  return plain.startsWith('-') ? -size : size
}

function minutes(text: string): number | null {
  const plain = trim(text)
  const [hour, minute] = [plain.slice(0, 2), plain.slice(3)]
  if (plain.length !== 5 || plain[2] !== ':' || !isDigits(hour + minute)) return null
  return Number(hour) < 24 && Number(minute) < 60 ? Number(hour) * 60 + Number(minute) : null
}

const monthLengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Not days, but a number that grows with the date. */
function days(text: string): number | null {
  const plain = trim(text)
  const [year, month, day] = [plain.slice(0, 4), plain.slice(5, 7), plain.slice(8)]
  if (plain.length !== 10 || plain[4] !== '-' || plain[7] !== '-') return null
  if (!isDigits(year + month + day)) return null
  const leap = Number(year) % (Number(year) % 100 === 0 ? 400 : 4) === 0
  const length = month === '02' && leap ? 29 : (monthLengths[Number(month) - 1] ?? 0)
  if (Number(day) < 1 || Number(day) > length) return null
  return Number(year) * 10_000 + Number(month) * 100 + Number(day)
}

const two = (max: number): Arbitrary<string> =>
  fc.integer({ min: 0, max }).map(number => String(number).padStart(2, '0'))

const time = fc.oneof(
  fc.tuple(two(25), two(61)).map(([hour, minute]) => `${hour}:${minute}`),
  fc.constantFrom('9:00', '09:0', '24:00', '00:00', '23:59', '12:30:00', '１２:30', ':', '')
)
const date = fc.oneof(
  fc
    .tuple(fc.constantFrom('2023', '2024', '1900', '2000', '0000'), two(13), two(32))
    .map(parts => parts.join('-')),
  fc.constantFrom(
    '2024-02-29',
    '2023-02-29',
    '2024-2-9',
    '24-01-01',
    '2024/01/01',
    '+12024-01-01',
    '2024-00-00'
  )
)
const number = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('', '-', '+', '--'),
      fc.nat(999_999),
      fc.constantFrom('', '.', '.5', '.125')
    )
    .map(parts => parts.join('')),
  fc.constantFrom(
    '0',
    '-0',
    '.5',
    '.',
    '-',
    '1e3',
    '0x10',
    '1,000',
    '٣',
    'Infinity',
    'NaN',
    '007',
    '1 2',
    '-1'
  )
)
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({
    unit: fc.constantFrom(...'aAbB éÉİıßẞΣσςоОﬁﬀǅ0,-.', 'e\u0301', '\u00a0', 'İ', '👩‍👧', '\ud800'),
    maxLength: 6
  })
)
const list = fc
  .array(fc.oneof(text, number), { maxLength: 4 })
  .chain(items => fc.constantFrom(',', ', ', ' ,').map(comma => items.join(comma)))
const pattern = fc
  .array(fc.constantFrom('a', 'É', '.', '.*', '|', '[ab]', '(', ')', '\\d', '^', '$', '?', ' '), {
    maxLength: 6
  })
  .map(parts => parts.join(''))
const anything = fc.oneof(text, number, time, date, list, pattern)

const padding = fc.string({
  unit: fc.constantFrom(...whiteSpace, '\u200b', '\u0085'),
  maxLength: 2
})
const padded = (inner: Arbitrary<string>): Arbitrary<string> =>
  fc.tuple(padding, inner, padding).map(parts => parts.join(''))

/** Two texts of one kind, two that have much in common, or two that have nothing. */
const pair: Arbitrary<[string, string]> = fc.oneof(
  ...[text, number, time, date].map(kind => fc.tuple(padded(kind), padded(kind))),
  fc.tuple(padded(text), pattern),
  fc.tuple(padded(anything), padded(anything)),
  padded(anything).chain(input =>
    fc
      .tuple(fc.nat(input.length), fc.nat(input.length), fc.nat(3), list)
      .map(([from, to, change, others]): [string, string] => {
        const related = [
          input.slice(from, to),
          input.slice(0, to).toUpperCase(),
          input.toLowerCase().normalize('NFD'),
          `${others}, ${input}`
        ]
        return [input, related[change] ?? '']
      })
  )
)

t.test('there are the seventeen operators of Studio, and no more', async t => {
  t.strictSame(Object.keys(operators).sort(), Object.keys(reference).sort())
  t.equal(Object.keys(operators).length, 17)
})

for (const [name, expected] of Object.entries(reference)) {
  t.test(`${name} holds where the reference says so`, async t => {
    const answers = new Set<boolean>()
    fc.assert(
      fc.property(pair, ([input, value]) => {
        const answer = expected(input, value)
        answers.add(answer)
        return operators[name]?.(input, value) === answer
      }),
      { numRuns: 2000 }
    )
    t.equal(answers.size, 2, 'both answers came up')
  })
}

t.test('a letter is the same inside a word and at its end, and in either case', async t => {
  t.ok(operators.starts_with?.('ΟΔΟΣΑ', 'οδοσ'), 'Σ inside the input, at the end of the value')
  t.ok(operators.starts_with?.('οδοσα', 'ΟΔΟΣ'))
  t.ok(operators.equal_to?.('ΟΔΟΣ', 'οδοσ'))
  t.ok(operators.equal_to?.('STRASSE', 'Straße'))
  t.ok(operators.equal_to?.('Cafe\u0301', 'CAFÉ'), 'however its accent was typed')
})

t.test('a leading space does not break starts_with, and a list may have spaces', async t => {
  t.ok(operators.starts_with?.(' Yes please', 'yes '))
  t.ok(operators.matches_any_of?.('Nein ', 'no,  nein , non'))
  t.notOk(operators.matches_any_of?.('no non', 'no, non'))
})
