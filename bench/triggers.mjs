// How many executions a second one process takes from callers of the REST API.
import { eachOf, failOnFault, publishFlow, trigger, untilMessages } from './attach.mjs'
import { medians, milliseconds, quantile, whole } from './figures.mjs'
import { openScene } from './scene.mjs'

export const what =
  'POST /v2/Flows/…/Executions for contacts of their own: answered 201 a second, and having asked their first question a second'
export const concerns = ['embedded', 'redis', 'two']

/** Callers who wait for their answer before they trigger again. */
const callers = 64

export async function measure({ settings, systems, progress }) {
  const results = Object.fromEntries(systems.map(name => [name, []]))
  for (let round = 1; round <= settings.ROUNDS; round++)
    for (const name of systems) {
      const result = await oneRun(name, settings)
      progress(`triggers, round ${round}: ${name} ${whole(result.taken)}/s`)
      results[name].push(result)
    }
  const rows = systems.map(name => {
    const { taken, asked, p50, p99, cpu } = medians(results[name])
    return [name, whole(taken), milliseconds(p50), milliseconds(p99), whole(asked), whole(cpu)]
  })
  return {
    title: 'REST triggers: executions started by the API, each for a contact of its own',
    columns: ['system', 'taken/s', 'p50 ms', 'p99 ms', 'asked/s', 'CPU µs each'],
    rows,
    notes: [
      `Medians; ROUNDS=${settings.ROUNDS}, TRIGGERS=${settings.TRIGGERS}, ${callers} callers at once. Taken is answered 201; p50 and p99 are of that answer.`,
      'Asked is up to the last first question at Twilio: four calls to Twilio each, which begin while others are still taken.'
    ]
  }
}

async function oneRun(name, { TRIGGERS, REDIS_APPENDONLY }) {
  const scene = await openScene(name, { customers: TRIGGERS, appendOnly: REDIS_APPENDONLY })
  try {
    await scene.start()
    const flowSid = await publishFlow(scene)
    const latencies = []
    const { service: cpuBefore } = scene.cpu()
    const from = performance.now()
    const perSecond = () => (TRIGGERS * 1000) / (performance.now() - from)
    const asked = untilMessages(scene, TRIGGERS).then(perSecond)
    const taken = eachOf(scene.customers, callers, async customer => {
      const sentAt = performance.now()
      await trigger(scene, flowSid, customer)
      latencies.push(performance.now() - sentAt)
    }).then(perSecond)
    const rates = { asked: await asked, taken: await taken }
    failOnFault(scene)
    return {
      ...rates,
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      cpu: (scene.cpu().service - cpuBefore) / TRIGGERS
    }
  } finally {
    await scene.close()
  }
}
