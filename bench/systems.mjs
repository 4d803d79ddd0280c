// What is measured. Each is started with environment alone, answers webhooks, and sends messages.
import { join } from 'node:path'

const at = path => join(import.meta.dirname, path)
const service = at('../dist/main.js')

/**
 * @typedef {object} System
 * @property {string} what
 * @property {string} file what node runs
 * @property {boolean} redis it keeps its state there; otherwise in DATA_DIR
 * @property {number} processes
 * @property {boolean} flows it has the Studio API, and attaches to Conversations by a flow
 * @property {string} [needs] a package that the project does not depend on
 */

/** @type {Readonly<Record<string, System>>} */
export const systems = {
  bare: {
    what: 'Fastify, signature check, one GET and one SET of 1.5 KB in Redis, the same call to Twilio: no engine, no durability, no order',
    file: at('systems/bare.mjs'),
    redis: true,
    processes: 1,
    flows: false
  },
  bullmq: {
    what: 'the same with a BullMQ job for each message (only where bullmq is installed: npm i --no-save bullmq)',
    file: at('systems/bullmq.mjs'),
    redis: true,
    processes: 1,
    flows: false,
    needs: 'bullmq'
  },
  embedded: {
    what: 'Reprise with its embedded store',
    file: service,
    redis: false,
    processes: 1,
    flows: true
  },
  redis: {
    what: 'Reprise with Redis',
    file: service,
    redis: true,
    processes: 1,
    flows: true
  },
  two: {
    what: 'two processes of Reprise on one Redis, webhooks spread over both',
    file: service,
    redis: true,
    processes: 2,
    flows: true
  }
}

export function isInstalled({ needs }) {
  if (needs === undefined) return true
  try {
    import.meta.resolve(needs)
    return true
  } catch {
    return false
  }
}
