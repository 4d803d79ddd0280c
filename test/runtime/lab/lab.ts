// A place to try misfortunes: a Twilio, a store, a shop that flows call, and processes that can be killed.
// All of it lives in this process, on one clock, and nothing in it sleeps.

import { existsSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Test } from 'tap'
import { openEmbeddedStore } from '../../../src/adapters/embedded/store.ts'
import { markerIn } from '../../../src/adapters/twilio/marker.ts'
import { makeSignatureCheck } from '../../../src/adapters/twilio/signature.ts'
import { readConfig } from '../../../src/config.ts'
import type { HttpRequest } from '../../../src/engine/effect.ts'
import type { Execution } from '../../../src/engine/execution.ts'
import { buildApp } from '../../../src/http/app.ts'
import type { Store } from '../../../src/runtime/ports.ts'
import type { Reconciler } from '../../../src/runtime/reconciler.ts'
import type { Runtime } from '../../../src/runtime/runtime.ts'
import { buildSimulator } from '../../../src/simulator/app.ts'
import { sign } from '../../../src/simulator/signature.ts'
import { accountSid, authToken, basic } from '../../support/build-service.ts'
import { makeFakeClock } from '../fake-clock.ts'
import { type Fate, makeFate } from './fate.ts'
import { type LabProcess, startProcess } from './process.ts'
import { spoilCalls } from './spoil-calls.ts'

export const leaseMs = 30_000

/** Files that no power failure of this machine's is tried on may as well be in memory, where there is such a folder. */
const memory = '/dev/shm'

export type Lab = Awaited<ReturnType<typeof openLab>>

/** What servers that flows name were asked, with the key of each call. */
export type ShopCall = HttpRequest & { readonly key: string }

export async function openLab(t: Test, { alwaysSuspend = false } = {}) {
  const clock = makeFakeClock()
  const fate: Fate = makeFate()
  const simulator = buildSimulator({ accountSid, authToken, now: clock.now })
  const { world } = simulator
  const dir = mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'lab-'))
  const shop: ShopCall[] = []
  const closedTooEarly: string[] = []
  const logger = pino({ level: process.env.LAB_LOG ?? 'silent' })
  let store: Store = await openEmbeddedStore({ dir, leaseMs })
  let living: LabProcess | null = null
  const asleep: LabProcess[] = []

  spoilCalls(simulator.app, world, fate, {
    cut: () => living?.power.cut(),
    closesTooEarly: sid => closedTooEarly.push(sid)
  })
  const twilio = await simulator.app.listen({ host: '127.0.0.1', port: 0 })

  // One front door, whichever process is behind it; closed while there is none.
  const door = await openDoor()
  const publicUrl = await door.listen({ host: '127.0.0.1', port: 0 })
  const config = readConfig({
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    PUBLIC_URL: publicUrl
  })

  const lab = {
    clock,
    world,
    fate,
    shop,
    publicUrl,
    /** Conversations that were closed while a webhook of ours was still there. */
    closedTooEarly,

    /** As it is on the disk, past all misfortunes. */
    get store() {
      return store
    },

    /** The process that runs now; a new one where the last one is gone. */
    get process(): LabProcess {
      if (living && !living.power.on) loseLiving()
      living ??= startProcess({
        config,
        logger,
        clock,
        fate,
        store,
        twilio,
        publicUrl,
        shop,
        alwaysSuspend
      })
      return living
    },

    get isUp(): boolean {
      return living?.power.on ?? false
    },

    /** Starts another process right now, where there is none. */
    boot() {
      // What happens in the same millisecond as a start counts as after it.
      if (!lab.isUp) clock.pass(1)
      return lab.process
    },

    kill() {
      living?.power.cut()
      loseLiving()
    },

    /** The sleepers go on where they stood. */
    wakeAll() {
      for (const { power } of asleep) power.wake()
    },

    /** A stop as it should be, and the same folder again. */
    async reopenStore() {
      if (lab.isUp) await stopLiving()
      await store.close()
      store = await openEmbeddedStore({ dir, leaseMs })
      clock.pass(1)
      return lab.process
    },

    /** Until nothing is under way any more, or the process is gone; whoever sleeps meanwhile is woken in time. */
    async settle(): Promise<void> {
      for (let calm = 0, looks = 0; calm < 4; looks++) {
        await new Promise(resolve => setImmediate(resolve))
        if (looks > 200_000) throw new Error('It does not come to rest')
        if (living && !living.power.on) loseLiving()
        const processes = [...(living ? [living] : []), ...asleep.filter(({ power }) => power.on)]
        const moving = processes.some(({ power }) => power.busy > 0) || (await delivers())
        calm = moving ? 0 : calm + 1
        if (calm < 3) continue
        if (processes.some(({ turns }) => turns() > 0) && clock.sleepsFor !== null) {
          clock.pass(clock.sleepsFor)
          calm = 0
        }
      }
    },

    /** Asks the runtime as a client does, who comes again when there was no answer. */
    async request<T>(ask: (runtime: Runtime, again: boolean) => Promise<T>): Promise<T> {
      for (let tries = 0; tries < 20; tries++) {
        const { runtime, power } = lab.boot()
        let answer: { readonly value: T } | { readonly error: unknown } | undefined
        ask(runtime, tries > 0).then(
          value => {
            answer = { value }
          },
          error => {
            answer = { error }
          }
        )
        while (!answer && power.on) {
          await lab.settle()
          if (!answer && power.on && clock.sleepsFor !== null) clock.pass(clock.sleepsFor)
        }
        if (answer && 'value' in answer) return answer.value
        if (answer && !isAway(answer.error)) throw answer.error
      }
      throw new Error('Nobody answers')
    },

    /** Lets time go by, ever faster, and starts processes where they are gone, until it sees what it looks for. */
    async reach(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
      const second = 1000
      const pauses = [0, second, leaseMs + 1, leaseMs + 1, leaseMs + 1, 3600, 3600, 3600, 3600]
      for (const pause of pauses) {
        lab.boot()
        clock.pass(pause === 3600 ? 3600 * second : pause)
        await lab.settle()
        if (lab.isUp && (await look())) return
      }
      throw new Error(`It never came to this: ${what}`)
    },

    /** Everything gone but the flows, as it was before. */
    async clear(): Promise<void> {
      lab.kill()
      await lab.settle()
      world.reset()
      fate.plan([])
      shop.length = 0
      closedTooEarly.length = 0
      for (const { power, close } of asleep.splice(0)) {
        power.cut()
        await close()
      }
      const ever = clock.now() * 2
      for (;;) {
        const claims = await store.executions.claimDue(ever, 100)
        if (claims.length === 0) return
        for (const claim of claims) await store.executions.remove(claim)
      }
    },

    /** All Conversations of the account. */
    async conversationSids(): Promise<string[]> {
      const authorization = basic(accountSid, authToken)
      const answer = await simulator.app.inject({
        url: '/v1/Conversations',
        headers: { authorization }
      })
      return answer.json().conversations.map(({ sid }: { sid: string }) => sid)
    },

    /** Twilio's webhook, as often and as late as the test likes; resolves when it was answered or lost. */
    async post(url: string, params: Readonly<Record<string, string>>): Promise<void> {
      const answered = door.inject({
        method: 'POST',
        url: new URL(url).pathname,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-twilio-signature': sign(authToken, url, params)
        },
        payload: new URLSearchParams(params).toString()
      })
      answered.catch(() => {})
      await lab.settle()
    },

    /** A message by the API, from a program that is no participant; no webhook hears of it. */
    async postMessage(conversationSid: string, body: string): Promise<void> {
      await simulator.app.inject({
        method: 'POST',
        url: `/v1/Conversations/${conversationSid}/Messages`,
        headers: {
          authorization: basic(accountSid, authToken),
          'content-type': 'application/x-www-form-urlencoded'
        },
        payload: new URLSearchParams({ Author: 'a program', Body: body }).toString()
      })
    },

    async find(sid: string): Promise<Execution> {
      const execution = await store.executions.fetch(sid)
      if (!execution) throw new Error(`There is no execution ${sid}`)
      return execution
    }
  }

  t.teardown(async () => {
    clock.stop()
    if (lab.isUp) await stopLiving()
    for (const { close } of asleep) await close()
    await door.close()
    await simulator.app.close()
    await store.close()
    await rm(dir, { recursive: true, force: true })
  })
  lab.boot()
  return lab

  function loseLiving(): void {
    if (!living) return
    asleep.push(living)
    door.server.closeAllConnections()
    living = null
  }

  async function stopLiving(): Promise<void> {
    await living?.runtime.worker.stop()
    await living?.close()
    living = null
  }

  async function delivers(): Promise<boolean> {
    let idle = false
    simulator.idle().then(() => {
      idle = true
    })
    await null
    await null
    return !idle
  }

  async function openDoor() {
    const behind = new Proxy({} as Runtime, {
      get: (_, name) => Reflect.get(living?.runtime ?? {}, name)
    })
    const app = await buildApp({
      runtime: behind,
      reconciler: {} as Reconciler,
      ping: async () => {},
      credentials: [],
      publicUrl: 'http://127.0.0.1',
      maxTriggersPerSecond: null,
      version: '0',
      verifySignature: (signature, path, parameters) =>
        makeSignatureCheck(authToken, publicUrl)(signature, path, parameters),
      sentBy: markerIn
    })
    app.addHook('onRequest', async ({ raw }, reply) => {
      if (living?.power.on) return
      reply.hijack()
      raw.socket.destroy()
    })
    return app
  }
}

const isAway = (error: unknown): boolean =>
  error instanceof Error && error.name === 'StoreUnavailable'
