// Brings every customer of a scene to where the next message is theirs.
import { accountSid, authToken } from './account.mjs'
import { definition, triggerFor } from './flow.mjs'

const headers = {
  authorization: `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`,
  'content-type': 'application/x-www-form-urlencoded'
}
/** How long nothing may happen before a run is given up. */
const patienceMs = 30_000

/** Publishes the flow and answers its SID. */
export async function publishFlow(scene) {
  const form = new URLSearchParams({
    FriendlyName: 'Endless talk',
    Status: 'published',
    Definition: definition
  })
  const answer = await scene.post('/v2/Flows', headers, form.toString())
  failOnFault(scene)
  const text = await answer.body.text()
  const [, sid] = /"sid":"(FW\w+)"/.exec(text) ?? []
  if (!sid) throw new Error(`The answer ${answer.statusCode} to a new flow is none: "${text}"`)
  return sid
}

/** Starts an execution for the customer; resolves when the API has answered. */
export async function trigger(scene, flowSid, customer) {
  const path = `/v2/Flows/${flowSid}/Executions`
  const answer = await scene.post(path, headers, triggerFor(customer))
  await answer?.body.dump()
}

/** Starts an execution for every customer, some at once; each has asked its first question in the end. */
export async function triggerAll(scene, flowSid, atOnce = 64) {
  const asked = untilMessages(scene, scene.customers.length)
  await Promise.all([asked, eachOf(scene.customers, atOnce, one => trigger(scene, flowSid, one))])
  failOnFault(scene)
}

/** Ready for the closed loop. */
export async function attachAll(scene) {
  if (scene.system.flows) await triggerAll(scene, await publishFlow(scene))
  else
    for (const customer of scene.customers) customer.path = `/webhooks/${customer.conversationSid}`
}

/**
 * Resolves when so many messages have been sent; `each` is told of every one. Rejects at the first fault, and
 * when nothing is heard for long.
 */
export function untilMessages(scene, count, each = () => {}) {
  return new Promise((resolve, reject) => {
    let sent = 0
    let heard = 0
    const end = (settle, value) => {
      clearInterval(watch)
      scene.onFault = () => {}
      scene.twilio.onMessage = () => {}
      settle(value)
    }
    const watch = setInterval(() => {
      if (sent === heard)
        end(reject, new Error(`Only ${sent} of ${count} messages, and then none for 30 s`))
      heard = sent
    }, patienceMs)
    scene.onFault = message => end(reject, new Error(message))
    scene.twilio.onMessage = customer => {
      sent += 1
      each(customer, sent)
      if (sent === count) end(resolve)
    }
    if (scene.faults.length > 0) end(reject, new Error(scene.faults[0]))
  })
}

export function failOnFault({ faults }) {
  if (faults.length > 0) throw new Error(faults[0])
}

/** Calls for each item, so many at once. */
export async function eachOf(items, atOnce, call) {
  const rest = items[Symbol.iterator]()
  const one = async () => {
    for (const item of rest) await call(item)
  }
  await Promise.all(Array.from({ length: atOnce }, one))
}
