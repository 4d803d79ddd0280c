// Numbers, and how they are shown.

const ascending = numbers => Float64Array.from(numbers).sort()

/** The value that this share of the numbers does not exceed. */
export function quantile(numbers, share) {
  const sorted = ascending(numbers)
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? Number.NaN
}

export function median(numbers) {
  const sorted = ascending(numbers)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** The median of each field of results that have the same fields. */
export const medians = results =>
  Object.fromEntries(
    Object.keys(results[0]).map(name => [name, median(results.map(result => result[name]))])
  )

const absent = '–'
const orAbsent = show => number => (Number.isFinite(number) ? show(number) : absent)
const round = (number, digits) =>
  number.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })

export const whole = orAbsent(number => round(number, 0))
export const ratio = orAbsent(number => round(number, 2))
export const milliseconds = orAbsent(number => round(number, 1))
export const megabytes = orAbsent(bytes => `${round(bytes / 1024 ** 2, bytes < 1e8 ? 1 : 0)} MB`)
