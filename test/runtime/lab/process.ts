// One process of the service, as far as it runs executions.

import type { Logger } from 'pino'
import { makeAgents } from '../../../src/adapters/twilio/agents.ts'
import { makeClient } from '../../../src/adapters/twilio/client.ts'
import { makeConversations } from '../../../src/adapters/twilio/conversations.ts'
import { makeHttpClient } from '../../../src/adapters/twilio/http-client.ts'
import { makeWriteQueue } from '../../../src/adapters/twilio/write-queue.ts'
import type { Config } from '../../../src/config.ts'
import type { HttpAnswer } from '../../../src/engine/effect.ts'
import { CallFailed } from '../../../src/runtime/errors.ts'
import type { Clock, HttpCaller, Store } from '../../../src/runtime/ports.ts'
import type { Runtime } from '../../../src/runtime/runtime.ts'
import { makeRuntime } from '../../../src/service.ts'
import { accountSid, authToken } from '../../support/build-service.ts'
import type { Fate } from './fate.ts'
import type { ShopCall } from './lab.ts'
import { makePower, type Power, storeAway } from './power.ts'

export interface LabProcess {
  readonly runtime: Runtime
  readonly power: Power
  /** How many turns are under way. */
  turns(): number
  close(): Promise<void>
}

interface Surroundings {
  readonly config: Config
  readonly logger: Logger
  readonly clock: Clock
  readonly fate: Fate
  readonly store: Store
  /** Where Twilio is. */
  readonly twilio: string
  readonly publicUrl: string
  readonly shop: ShopCall[]
  readonly alwaysSuspend: boolean
}

export function startProcess(around: Surroundings): LabProcess {
  const { config, logger, fate, store, publicUrl, alwaysSuspend } = around
  const power = makePower(around.clock)
  const { clock } = power
  const httpClient = makeHttpClient({ baseUrl: around.twilio, sleep: power.pause })
  const client = makeClient({ accountSid, user: accountSid, secret: authToken, httpClient })
  const webhookUrl = (sid: string) => `${publicUrl}/webhooks/executions/${sid}`
  const runtime = makeRuntime(config, logger, {
    accountSid,
    alwaysSuspend,
    clock,
    store: {
      ...store,
      executions: power.wire(store.executions, 'store', { fate, failure: storeAway }),
      flows: power.wire(store.flows, 'store', { fate, failure: storeAway })
    },
    // Twilio's calls go wrong on the wire, behind the SDK.
    conversations: power.wire(
      makeConversations({ client, webhookUrl, writes: makeWriteQueue(clock) }),
      'conversations'
    ),
    agents: power.wire(makeAgents(client), 'agents'),
    http: power.wire(shopOf(around.shop), 'http', { fate, failure: noAnswer })
  })
  const turns = countTurns(runtime)
  runtime.worker.start()
  // As when the service has begun to listen.
  runtime.worker.catchUp()
  return { runtime, power, turns, close: () => httpClient.close() }
}

/** A server that counts: its answers tell the calls apart, and the same key again gets the same answer. */
const shopOf = (calls: ShopCall[]): HttpCaller => ({
  async call(request, key): Promise<HttpAnswer> {
    const known = calls.findIndex(call => call.key === key)
    calls.push({ ...request, key })
    const number = known < 0 ? new Set(calls.map(call => call.key)).size : known + 1
    return {
      status: 200,
      contentType: 'application/json',
      body: JSON.stringify({ number }),
      functionConcurrency: null
    }
  }
})

const noAnswer = () =>
  new CallFailed({ code: null, status: null, message: 'socket hang up', outcome: 'unknown' })

function countTurns({ worker }: Runtime): () => number {
  let running = 0
  const { run } = worker
  Object.assign(worker, {
    run: (...input: Parameters<typeof run>) => {
      running += 1
      return run(...input).finally(() => {
        running -= 1
      })
    }
  })
  return () => running
}
