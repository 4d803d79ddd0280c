// The closed loop. A turn is the webhook of a customer's message sent, and the reply received by Twilio; the
// customer says the next thing as soon as the reply is there.
import { failOnFault, untilMessages } from './attach.mjs'
import { nextWebhook } from './customers.mjs'
import { quantile } from './figures.mjs'

/** Sends the customer's next message; resolves with the head of the answer. */
export function say(scene, customer) {
  const { body, signature } = nextWebhook(customer, scene.publicUrl)
  const headers = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-twilio-signature': signature
  }
  customer.sentAt = performance.now()
  return scene.post(customer.path, headers, body)
}

/** Rejects at the first fault. Everything that was said has been answered in the end. */
export async function drive(scene, turns) {
  const warmUp = Math.ceil(turns / 4)
  const latencies = new Float64Array(turns)
  const total = warmUp + turns
  const watch = { at: 0, cpu: scene.cpu() }
  let begun = 0
  const acknowledgements = []
  const next = customer => {
    if (begun === total) return
    begun += 1
    const acknowledged = say(scene, customer).then(answer => answer?.body.dump())
    // The others are older than a reply that has come.
    if (begun > total - scene.customers.length) acknowledgements.push(acknowledged)
  }
  const answered = untilMessages(scene, total, (customer, sent) => {
    if (sent > warmUp) latencies[sent - warmUp - 1] = performance.now() - customer.sentAt
    if (sent === warmUp) Object.assign(watch, { at: performance.now(), cpu: scene.cpu() })
    next(customer)
  })
  for (const customer of scene.customers) next(customer)
  await answered

  const seconds = (performance.now() - watch.at) / 1000
  const cpu = scene.cpu()
  await Promise.all(acknowledgements)
  failOnFault(scene)
  return {
    rate: turns / seconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    cpu: (cpu.service - watch.cpu.service) / turns,
    redisCpu: (cpu.redis - watch.cpu.redis) / turns
  }
}
