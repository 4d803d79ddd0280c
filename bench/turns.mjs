// How many turns a second each system makes, and how long one takes.
import { attachAll } from './attach.mjs'
import { drive } from './drive.mjs'
import { median, medians, milliseconds, ratio, whole } from './figures.mjs'
import { openScene } from './scene.mjs'

export const what =
  'turns a second in a closed loop, latency of a turn, and CPU for each; with the ratio to bare in the same round'
export const concerns = ['bare', 'bullmq', 'embedded', 'redis', 'two']

export async function measure({ settings, systems, progress }) {
  const rows = []
  for (const customers of settings.CUSTOMERS) {
    const results = Object.fromEntries(systems.map(name => [name, []]))
    for (let round = 1; round <= settings.ROUNDS; round++)
      for (const name of systems) {
        const result = await oneRun(name, customers, settings)
        progress(`turns, ${customers} customers, round ${round}: ${name} ${whole(result.rate)}/s`)
        results[name].push(result)
      }
    for (const name of systems) rows.push(rowOf(name, customers, results))
  }
  return {
    title: 'Turns: webhook of a message sent, to reply received; closed loop',
    columns: [
      'system',
      'customers',
      'turns/s',
      'of bare',
      'p50 ms',
      'p99 ms',
      'CPU µs/turn',
      'CPU of bare',
      'of Redis µs'
    ],
    rows,
    notes: [
      `Medians; ROUNDS=${settings.ROUNDS}, TURNS=${settings.TURNS}. Each round runs every system once; ratios are medians of those within a round.`
    ]
  }
}

async function oneRun(name, customers, { TURNS, REDIS_APPENDONLY }) {
  const scene = await openScene(name, { customers, appendOnly: REDIS_APPENDONLY })
  try {
    await scene.start()
    await attachAll(scene)
    return await drive(scene, TURNS)
  } finally {
    await scene.close()
  }
}

function rowOf(name, customers, results) {
  const ofBare = field =>
    results.bare
      ? median(results[name].map((result, round) => result[field] / results.bare[round][field]))
      : Number.NaN
  const { rate, p50, p99, cpu, redisCpu } = medians(results[name])
  return [
    name,
    whole(customers),
    whole(rate),
    ratio(ofBare('rate')),
    milliseconds(p50),
    milliseconds(p99),
    whole(cpu),
    ratio(ofBare('cpu')),
    whole(redisCpu)
  ]
}
