// One system under test with all that it needs: a Twilio, its Redis, its processes, and customers.
import { Pool } from 'undici'
import { accountSid, authToken } from './account.mjs'
import { freePort, removeFolder, start, temporaryFolder } from './child.mjs'
import { makeCustomers } from './customers.mjs'
import { startRedis } from './redis-server.mjs'
import { systems } from './systems.mjs'
import { openTwilio } from './twilio.mjs'

const connections = 64

/**
 * @typedef {Awaited<ReturnType<typeof openScene>>} Scene
 * @param {string} name of a system
 * @param {{ customers: number, appendOnly: 'no' | 'everysec' | 'always', verbatim?: boolean }} options
 */
export async function openScene(name, { customers: count, appendOnly, verbatim }) {
  const system = systems[name]
  const customers = makeCustomers(count)
  const faults = []
  const onFault = message => {
    faults.push(message)
    scene.onFault(message)
  }
  const twilio = await openTwilio(customers, { verbatim, onFault })
  const redis = system.redis ? await startRedis(appendOnly) : null
  const dataDir = system.redis ? null : temporaryFolder()
  const ports = await Promise.all(Array.from({ length: system.processes }, freePort))
  const urls = ports.map(port => `http://127.0.0.1:${port}`)
  const pools = urls.map(url => new Pool(url, { connections, pipelining: 1 }))
  let processes = []
  let requests = 0

  const scene = {
    system,
    customers,
    twilio,
    redis,
    dataDir,
    /** What must not happen; one of it is enough to fail the run. */
    faults,
    onFault: () => {},
    /** Webhooks of all Conversations lead there, whichever process gets them. */
    publicUrl: urls[0],

    async start() {
      processes = ports.map(port => startSystem(system, { port, redis, dataDir, twilio, urls }))
      await Promise.all(
        processes.map((child, at) =>
          child.until(async () => (await fetch(`${urls[at]}/readyz`)).ok, `${name} is ready`)
        )
      )
    },
    async stop() {
      await Promise.all(processes.map(child => child.stop()))
    },

    /** Sends it to one process after the other. Resolves with the head of the answer; anything but a 2xx is a fault. */
    async post(path, headers, body) {
      const pool = pools[requests++ % pools.length]
      try {
        const answer = await pool.request({ method: 'POST', path, headers, body })
        if (answer.statusCode >= 200 && answer.statusCode < 300) return answer
        onFault(
          `${name} answered ${answer.statusCode} to POST ${path}: ${await answer.body.text()}`
        )
      } catch (error) {
        onFault(`${name} did not answer POST ${path}: ${error.message}`)
      }
      return null
    },

    /** Microseconds of CPU used so far, by all processes of the system and by its Redis. */
    cpu: () => ({
      service: processes.reduce((sum, child) => sum + child.cpu(), 0),
      redis: redis ? redis.cpu() : Number.NaN
    }),
    memory: () => processes.reduce((sum, child) => sum + child.memory(), 0),

    async close() {
      await Promise.all(pools.map(pool => pool.destroy()))
      await scene.stop()
      await twilio.close()
      await redis?.stop()
      if (dataDir) removeFolder(dataDir)
    }
  }
  return scene
}

const startSystem = ({ file }, { port, redis, dataDir, twilio, urls }) =>
  start(process.execPath, [file], {
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: urls[0],
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_API_BASE_URL: twilio.url,
    ...(redis ? { REDIS_URL: redis.url } : { DATA_DIR: dataDir }),
    LOG_LEVEL: 'warn',
    // It would begin in the middle of a measurement.
    RECONCILE_AT_START: 'false',
    // The talk has no end, and Studio's 1,000 steps would end it.
    MAX_STEPS: '65535'
  })
