// How soon a webhook is answered when the service is half as busy as it can be.
import { attachAll, failOnFault, untilMessages } from './attach.mjs'
import { drive, say } from './drive.mjs'
import { medians, milliseconds, quantile, whole } from './figures.mjs'
import { openScene } from './scene.mjs'

export const what =
  'webhook sent, to head of its answer, at half the rate of the closed loop; sent at a fixed rate, whether or not earlier ones are answered'
export const concerns = ['embedded', 'redis', 'two']

/** So many that one is always free to write, also when replies are late. */
const customers = 512

export async function measure({ settings, systems, progress }) {
  const results = Object.fromEntries(systems.map(name => [name, []]))
  for (let round = 1; round <= settings.ROUNDS; round++)
    for (const name of systems) {
      const result = await oneRun(name, settings)
      progress(`acknowledgement, round ${round}: ${name} p99 ${milliseconds(result.p99)} ms`)
      results[name].push(result)
    }
  const rows = systems.map(name => {
    const { saturation, rate, p50, p99, driver } = medians(results[name])
    return [name, whole(saturation), whole(rate), ...[p50, p99, driver].map(milliseconds)]
  })
  return {
    title: 'Acknowledgement of webhooks at half of saturation; fixed rate',
    columns: [
      'system',
      'saturation turns/s',
      'webhooks/s',
      'p50 ms',
      'p99 ms',
      'driver late p99 ms'
    ],
    rows,
    notes: [
      `Medians; ROUNDS=${settings.ROUNDS}, SECONDS=${settings.SECONDS}. The service answers when the message is durable; its turn follows.`,
      'How late the driver itself sends says how much of the p99 is the machine: it takes in answers as late.'
    ]
  }
}

async function oneRun(name, { TURNS, SECONDS, REDIS_APPENDONLY }) {
  const scene = await openScene(name, { customers, appendOnly: REDIS_APPENDONLY })
  try {
    await scene.start()
    await attachAll(scene)
    const { rate: saturation } = await drive(scene, TURNS)
    return { saturation, ...(await pace(scene, saturation / 2, SECONDS)) }
  } finally {
    await scene.close()
  }
}

/** Sends so many webhooks a second; each from the customer whose last reply is the longest ago. */
async function pace(scene, rate, seconds) {
  const total = Math.ceil(rate * seconds)
  const idle = [...scene.customers]
  const latencies = []
  const lateness = []
  const acknowledgements = []
  const from = performance.now()
  const plannedAt = number => from + (number * 1000) / rate
  const answered = untilMessages(scene, total, customer => idle.push(customer))
  let sent = 0

  const acknowledged = async (customer, sentAt) => {
    const answer = await say(scene, customer)
    latencies.push(performance.now() - sentAt)
    await answer?.body.dump()
  }
  const sendDue = () => {
    for (let now = performance.now(); sent < total && plannedAt(sent) <= now; sent++) {
      const customer = idle.shift()
      if (!customer) break
      lateness.push(now - plannedAt(sent))
      acknowledgements.push(acknowledged(customer, performance.now()))
    }
  }
  const timer = setInterval(sendDue, 1)
  const until = await answered.finally(() => clearInterval(timer)).then(() => performance.now())
  await Promise.all(acknowledgements)
  failOnFault(scene)
  return {
    rate: (total * 1000) / (until - from),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    driver: quantile(lateness, 0.99)
  }
}
