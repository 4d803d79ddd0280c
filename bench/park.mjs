// Parked executions in any number: one that the service made is read back through the store, and saved again
// and again through the store with SIDs, contact and Conversation of its own. But for a look that lies ahead that
// is what the service would have written, without the calls to Twilio. It has to be built: the store comes from dist/.
import { newSid } from './account.mjs'
import { eachOf } from './attach.mjs'

const dayMs = 24 * 60 * 60 * 1000
const atOnce = 500

/** The store of a scene, opened in this process. */
export async function openStore({ redis, dataDir }) {
  if (redis) {
    const { openRedisStore } = await import('../dist/adapters/redis/store.js')
    return openRedisStore({ url: redis.url })
  }
  const { openEmbeddedStore } = await import('../dist/adapters/embedded/store.js')
  return openEmbeddedStore({ dir: dataDir })
}

/** Saves so many copies of an execution of this flow that waits for a reply. */
export async function park({ executions }, flowSid, count, progress) {
  const [sample] = await executions.list({ flowSid, status: 'active', limit: 1 })
  if (sample?.pause?.type !== 'reply') throw new Error('No execution of the flow waits for a reply')
  const copy = copier({ execution: sample, steps: await executions.fetchSteps(sample.sid) })
  const begun = performance.now()
  await eachOf(numbers(count), atOnce, async number => {
    await parkOne(executions, copy(executions, number))
    if ((number + 1) % 50_000 === 0) {
      const seconds = Math.round((performance.now() - begun) / 1000)
      progress(`parked ${number + 1} of ${count} executions in ${seconds} s`)
    }
  })
}

function* numbers(count) {
  for (let number = 0; number < count; number++) yield number
}

async function parkOne(executions, { execution, steps }) {
  const now = Date.now()
  const event = { type: 'triggered', id: `trigger:${execution.sid}`, at: now, parameters: {} }
  const { claim } = await executions.create({
    execution: { ...execution, pause: null, attachments: [] },
    event,
    exclusive: true,
    idempotencyKey: null,
    now,
    claim: true
  })
  const dueAt = execution.pause.until
  const consumed = [event.id]
  // A service that starts later looks at each wait, for hours where there are so many, but not at these.
  const pause = { ...execution.pause, look: { at: now + dayMs, failures: 0 } }
  const saved = { ...execution, pause }
  await executions.commit(claim, { execution: saved, steps, consumed, dueAt, hold: false, now })
}

/** What is an execution's own: its SIDs, and the address of its contact. */
const own = /((?:FN|FT|FC|CH|MB|WH|IM|RQ)[0-9a-f]{32}|"\+1\d{10}")/

function copier(sample) {
  const { sid, to, contactSid, flowSid } = sample.execution
  const pieces = JSON.stringify(sample).split(own)
  return (executions, number) => {
    const contact = newSid('FC')
    const newExecutionSid = executions.newSid(flowSid, contact)
    const address = `+1${6_000_000_000 + number}`
    const given = new Map([
      [sid, newExecutionSid],
      [contactSid, contact],
      [`"${to}"`, `"${address}"`]
    ])
    const newOf = piece => {
      if (piece.startsWith('"')) return given.get(piece) ?? piece
      // A step's SID follows from its execution's.
      if (piece.startsWith('FT')) return `FT${newExecutionSid.slice(2, 30)}${piece.slice(-4)}`
      if (!given.has(piece)) given.set(piece, newSid(piece.slice(0, 2)))
      return given.get(piece)
    }
    const text = pieces.map((piece, at) => (at % 2 === 0 ? piece : newOf(piece))).join('')
    return waitingLong(JSON.parse(text))
  }
}

/**
 * Due when nobody measures any more. As if asked a minute from now: a service that starts looks for replies
 * to all that it asked before, which would be measured too.
 */
function waitingLong({ execution, steps }) {
  const now = Date.now()
  const since = now + 60_000
  const until = now + (10 + Math.random()) * dayMs
  const pause = { ...execution.pause, since, until: Math.round(until) }
  return { execution: { ...execution, createdAt: now, updatedAt: now, pause }, steps }
}
