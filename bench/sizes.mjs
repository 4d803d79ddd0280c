// What an execution costs in the store. The conversations are really held, through the service.
import { setTimeout as sleep } from 'node:timers/promises'
import { attachAll, failOnFault, untilMessages } from './attach.mjs'
import { say } from './drive.mjs'
import { whole } from './figures.mjs'
import { storeSize } from './parked.mjs'
import { openScene } from './scene.mjs'

export const what =
  'bytes in the store of an execution that waits for its first reply, and of one after 20 replies; Redis within bounds'
export const concerns = ['embedded', 'redis']

const count = 1000
const replies = 20
const bounds = { waiting: 3 * 1024, long: 12 * 1024 }

export async function measure({ settings, systems, progress }) {
  const rows = []
  const exceeded = []
  for (const name of systems) {
    const { waiting, long } = await sizesOf(name, settings)
    progress(`sizes: ${name} ${whole(waiting)} and ${whole(long)} bytes`)
    const bounded = name === 'redis'
    const shown = (size, bound) => (bounded ? `${whole(size)} of ${whole(bound)}` : whole(size))
    rows.push([name, shown(waiting, bounds.waiting), shown(long, bounds.long)])
    if (bounded && !(waiting <= bounds.waiting && long <= bounds.long))
      exceeded.push('An execution needs more of Redis than it may')
  }
  return {
    title: `Sizes: bytes of one execution, of ${whole(count)} that talk at once`,
    columns: ['system', 'waiting for its first reply', `after ${replies} replies`],
    rows,
    notes: [
      'By how much used_memory of Redis, or the file of the embedded store, is larger than without them: keys, indexes and all.',
      'The file of the embedded store also holds pages that are free to be written again.'
    ],
    exceeded
  }
}

async function sizesOf(name, { REDIS_APPENDONLY }) {
  const scene = await openScene(name, {
    customers: count,
    appendOnly: REDIS_APPENDONLY,
    verbatim: true
  })
  /** Without the service, as its connections have buffers in Redis. */
  const sizeAtRest = async () => {
    await scene.stop()
    await sleep(500)
    return storeSize(scene)
  }
  try {
    await scene.start()
    const empty = await sizeAtRest()
    await scene.start()
    await attachAll(scene)
    const waiting = await sizeAtRest()
    await scene.start()
    await converse(scene)
    const long = await sizeAtRest()
    return { waiting: (waiting - empty) / count, long: (long - empty) / count }
  } finally {
    await scene.close()
  }
}

/** Every customer says so many things, each after the reply to the one before. */
async function converse(scene) {
  const said = new Map()
  const acknowledgements = []
  const next = customer => {
    const before = said.get(customer) ?? 0
    if (before === replies) return
    said.set(customer, before + 1)
    acknowledgements.push(say(scene, customer).then(answer => answer?.body.dump()))
  }
  const answered = untilMessages(scene, scene.customers.length * replies, next)
  scene.customers.forEach(next)
  await answered
  await Promise.all(acknowledgements)
  failOnFault(scene)
}
