import type { Cluster, Redis } from 'ioredis'
import { StoreUnavailable } from '../../runtime/errors.ts'
import { type Addresses, makeClient } from './client.ts'
import { faultOf, isLasting, reasonOf } from './faults.ts'
import { gatherWrites } from './gather.ts'
import { withReplicas } from './replicas.ts'
import { defineScripts } from './scripts.ts'

export type Client = Redis | Cluster

export interface Connection {
  readonly address: string
  /** Rejects with `StoreUnavailable` where Redis does not answer in time; it may have been done then. */
  run: Run
  /** The same for what changes nothing: it waits for no replica. */
  read: Run
  /** Waits for the calls under way. */
  close(): Promise<void>
}

export type Run = <T>(call: (client: Client) => Promise<T>) => Promise<T>

export interface ConnectionOptions {
  /** How long the first connection may take. */
  readonly startMs: number
  /** How many replicas must have a change before it counts. */
  readonly waitReplicas: number
}

/** How long a call waits for its answer, and how much of that for a connection that has been lost. */
const callMs = 2000
const blipMs = 1000

export async function connect(
  addresses: Addresses,
  { startMs, waitReplicas }: ConnectionOptions
): Promise<Connection> {
  const { client, address } = makeClient(addresses)
  defineScripts(client)
  let back: Promise<void> | null = null
  let closed: Promise<void> | null = null
  const run = waitReplicas === 0 ? read : withReplicas(client, waitReplicas, read)
  await firstConnection(client, address, startMs)
  const gather = gatherWrites(client)

  return {
    address,
    read,
    run,
    close() {
      closed ??= client.quit().then(
        () => undefined,
        () => client.disconnect()
      )
      return closed
    }
  }

  function read<T>(call: (client: Client) => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new StoreUnavailable('The Redis store is closed'))
    return within(callMs, callNow(call), error => faultOf(error, address))
  }

  function callNow<T>(call: (client: Client) => Promise<T>): Promise<T> {
    if (client.status !== 'ready') return callOnceBack(call)
    gather()
    return call(client)
  }

  async function callOnceBack<T>(call: (client: Client) => Promise<T>): Promise<T> {
    back ??= untilReady(client, blipMs).finally(() => {
      back = null
    })
    await back
    return await call(client)
  }
}

async function firstConnection(client: Client, address: string, startMs: number): Promise<void> {
  let reason: Error | null = null
  let giveUp: (error: Error) => void = () => {}
  const refused = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  // ioredis connects again by itself; without a listener it would print each failure.
  client.on('error', (error: Error) => {
    // That all Sentinels failed says less than what the last one said.
    if (!error.message.startsWith('All sentinels')) reason = error
    if (isLasting(error)) giveUp(error)
  })
  client.on('sentinelError', (error: Error) => {
    reason = error
    if (isLasting(error)) giveUp(error)
  })
  try {
    await Promise.race([untilReady(client, startMs), refused])
  } catch (error) {
    client.disconnect()
    const message = reasonOf(reason ?? (error as Error))
    throw new StoreUnavailable(`Redis at ${address} cannot be used: ${message}`, { cause: error })
  } finally {
    giveUp = () => {}
  }
}

function untilReady(client: Client, ms: number): Promise<void> {
  if (client.status === 'ready') return Promise.resolve()
  return new Promise((resolve, reject) => {
    const settle = (error?: Error) => {
      clearTimeout(timer)
      client.off('ready', settle)
      client.off('end', ended)
      if (error) reject(error)
      else resolve()
    }
    const ended = () => settle(new Error('The connection has ended'))
    const timer = setTimeout(() => settle(new Error(`No connection within ${ms} ms`)), ms)
    client.on('ready', settle)
    client.on('end', ended)
  })
}

function within<T>(ms: number, work: Promise<T>, faultOf: (error: unknown) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(faultOf(new Error(`No answer within ${ms} ms`)))
    // A process that was busy for so long first reads what has come in meanwhile.
    const timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), ms)
    work.then(
      value => {
        clearTimeout(timer)
        resolve(value)
      },
      error => {
        clearTimeout(timer)
        reject(faultOf(error))
      }
    )
  })
}
