// Whether a series of samples grows.

export interface Trend {
  /** What the fitted line rises from the first to the last sample it looks at. */
  readonly rise: number
  readonly average: number
  readonly perHour: number
  readonly flat: boolean
}

export interface Point {
  readonly hours: number
  readonly value: number
}

/** The share of a run that is warming up, and not looked at. */
const warmingUp = 0.25
const tolerance = 0.1

/** Flat is what rises by less than a tenth of its average, or by less than `noise`. */
export function trendOf(all: readonly Point[], noise: number): Trend {
  const points = all.slice(Math.floor(all.length * warmingUp))
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1)
  const [hours, average] = [mean(points.map(p => p.hours)), mean(points.map(p => p.value))]
  const spread = mean(points.map(p => (p.hours - hours) ** 2))
  const together = mean(points.map(p => (p.hours - hours) * (p.value - average)))
  const perHour = spread === 0 ? 0 : together / spread
  const rise = perHour * ((points.at(-1)?.hours ?? 0) - (points[0]?.hours ?? 0))
  return { rise, average, perHour, flat: rise <= Math.max(average * tolerance, noise) }
}
