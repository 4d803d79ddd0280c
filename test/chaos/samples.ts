// Samples taken while a soak goes on, as a table, and what they come to.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Arena } from './arena.ts'
import { type Sample, takeSample } from './memory.ts'
import { trendOf } from './trend.ts'

/** A rise that means nothing. */
const noiseMegabytes = 5

type Samples = { readonly hours: number; readonly sample: Sample }[]

interface Sampling {
  readonly endsAt: number
  readonly everyMs: number
  readonly turns: () => number
}

export async function takeSamples(
  arena: Arena,
  { endsAt, everyMs, turns }: Sampling
): Promise<Samples> {
  const samples: Samples = []
  const startedAt = Date.now()
  for (let at = startedAt + everyMs; at <= endsAt; at += everyMs) {
    await sleep(at - Date.now())
    const sample = await takeSample(arena)
    if (samples.length === 0) console.log(['minute', 'turns', ...sample.keys()].join(' | '))
    samples.push({ hours: (Date.now() - startedAt) / 3_600_000, sample })
    const figures = [...sample].map(([name, value]) => figure(value).padStart(name.length))
    const minute = ((Date.now() - startedAt) / 60_000).toFixed(1)
    console.log([minute.padStart(6), String(turns()).padStart(5), ...figures].join(' | '))
  }
  return samples
}

const figure = (value: number): string => (Number.isInteger(value) ? `${value}` : value.toFixed(1))

/** True where all are flat. */
export function tellTrends(samples: Samples, atOnce: number): boolean {
  const names = [...(samples[0]?.sample.keys() ?? [])]
  const flat = names.filter(name => {
    const points = samples.map(({ hours, sample }) => ({ hours, value: sample.get(name) ?? 0 }))
    const noise = name.endsWith('keys') ? atOnce * 4 : noiseMegabytes
    const { rise, average, perHour, flat } = trendOf(points, noise)
    const facts = `${figure(average)} on average, rises by ${perHour.toFixed(2)} an hour`
    console.log(`${name}: ${facts}, ${rise.toFixed(2)} in the run: ${flat ? 'flat' : 'GROWS'}`)
    return flat
  })
  return names.length > 0 && flat.length === names.length
}
