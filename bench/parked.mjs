// What many executions that wait cost: turns, memory, disk.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { publishFlow, triggerAll } from './attach.mjs'
import { drive } from './drive.mjs'
import { median, medians, megabytes, milliseconds, ratio, whole } from './figures.mjs'
import { openStore, park } from './park.mjs'
import { openScene } from './scene.mjs'

export const what =
  'turns a second, memory and disk with 1,000 and with PARKED executions that wait for a reply'
export const concerns = ['embedded', 'redis', 'two']

const few = 1000
const customers = 64

export async function measure({ settings, systems, progress }) {
  const rows = []
  for (const name of systems) rows.push(...(await measureOne(name, settings, progress)))
  return {
    title: `Parked executions: turns of ${customers} customers while others wait`,
    columns: [
      'system',
      'parked',
      'turns/s',
      `of ${whole(few)}`,
      'p99 ms',
      'CPU µs/turn',
      'memory',
      'store',
      'bytes each'
    ],
    rows,
    notes: [
      `Medians; ROUNDS=${settings.ROUNDS}, TURNS=${settings.TURNS}. Each round runs with few and with many; the ratio is the median of those within a round.`,
      'Memory is what the processes of the service hold (RSS); store is used_memory of Redis, or the file of the embedded store.',
      'The parked ones are saved through the store as the service saved one of its own; bytes each is by how much more of them the store is larger.'
    ]
  }
}

async function measureOne(name, settings, progress) {
  const kinds = []
  try {
    for (const count of [few, settings.PARKED]) {
      const scene = await openScene(name, {
        customers,
        appendOnly: settings.REDIS_APPENDONLY,
        verbatim: true
      })
      kinds.push({ count, scene, results: [] })
      await fill(scene, count, message => progress(`parked, ${name}: ${message}`))
    }
    for (let round = 1; round <= settings.ROUNDS; round++)
      for (const { count, scene, results } of kinds) {
        const result = await drive(scene, settings.TURNS)
        progress(`parked, round ${round}: ${name} with ${count} ${whole(result.rate)}/s`)
        results.push(result)
      }
    const sizes = await Promise.all(kinds.map(({ scene }) => storeSize(scene)))
    return kinds.map((kind, at) => rowOf(name, kind, kinds[0], sizes[at], sizes[0]))
  } finally {
    await Promise.all(kinds.map(({ scene }) => scene.close()))
  }
}

function rowOf(name, { count, scene, results }, base, size, baseSize) {
  const { rate, p99, cpu } = medians(results)
  const ofBase = results.map((result, round) => result.rate / base.results[round].rate)
  return [
    name,
    whole(count),
    whole(rate),
    ratio(median(ofBase)),
    milliseconds(p99),
    whole(cpu),
    megabytes(scene.memory()),
    megabytes(size),
    whole((size - baseSize) / (count - base.count))
  ]
}

/** The customers have been asked, and so many others wait. The embedded store lets one process in at a time. */
async function fill(scene, count, progress) {
  await scene.start()
  const flowSid = await publishFlow(scene)
  await triggerAll(scene, flowSid)
  await untilAtRest(scene)
  if (scene.dataDir) await scene.stop()
  const store = await openStore(scene)
  await park(store, flowSid, count, progress)
  await store.close()
  if (!scene.dataDir) return
  await scene.start()
  const begun = performance.now()
  await untilAtRest(scene)
  progress(
    `at rest ${Math.round((performance.now() - begun) / 1000)} s after its start with ${count}`
  )
}

/** A service that starts goes through what it has; until it uses little CPU for two seconds. */
async function untilAtRest(scene) {
  const busyUs = 100_000
  for (let calm = 0, before = scene.cpu().service; calm < 2; ) {
    await sleep(1000)
    const now = scene.cpu().service
    calm = now - before > busyUs ? 0 : calm + 1
    before = now
  }
}

export const storeSize = ({ redis, dataDir }) =>
  redis ? redis.memory() : statSync(join(dataDir, 'store.mdb')).size
