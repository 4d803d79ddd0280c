// What this file knows about the options of ioredis, no other needs to.
import type { ConnectionOptions } from 'node:tls'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Client } from './connection.ts'

export interface Addresses {
  /** `redis://user:password@host:port/database`, or `rediss://…` for TLS. */
  readonly url?: string
  /** Some nodes of a Redis Cluster, each `host:port` or a URL; the others are found. */
  readonly clusterNodes?: readonly string[]
  /** Sentinels that know the Redis of this name, whose credentials and database `url` then gives. */
  readonly sentinels?: { readonly name: string; readonly nodes: readonly string[] }
}

const standardUrl = 'redis://127.0.0.1:6379'

export function makeClient({ url = standardUrl, clusterNodes, sentinels }: Addresses): {
  readonly client: Client
  readonly address: string
} {
  if (clusterNodes) {
    const nodes = clusterNodes.map(readAddress)
    return { client: clusterOf(nodes), address: addressOf(nodes) }
  }
  const one = readAddress(url)
  if (!sentinels)
    return { client: new Redis({ ...impatient, ...one, retryStrategy }), address: addressOf([one]) }
  const nodes = sentinels.nodes.map(readAddress)
  const { host: _, port: __, ...access } = one
  const client = new Redis({
    ...impatient,
    ...access,
    sentinels: nodes,
    name: sentinels.name,
    retryStrategy
  })
  return { client, address: `${sentinels.name} (Sentinels ${addressOf(nodes)})` }
}

/**
 * Nothing is ever sent twice: a command whose answer was lost may have been done, and only the caller knows
 * whether it may be repeated.
 */
const impatient = {
  connectTimeout: 2000,
  socketTimeout: 3000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  maxLoadingRetryTime: 250,
  // After a failover the old primary only reads; the next connection finds the new one.
  reconnectOnError: ({ message }: Error) => message.includes('READONLY')
} as const satisfies RedisOptions
const retryStrategy = (times: number): number => Math.min(50 * 2 ** (times - 1), 1000)

function clusterOf(nodes: readonly Address[]): Cluster {
  const { host: _, port: __, db: ___, ...access } = nodes[0] ?? readAddress(standardUrl)
  const { enableOfflineQueue, ...patience } = impatient
  return new Cluster([...nodes], {
    redisOptions: { ...patience, ...access },
    clusterRetryStrategy: retryStrategy,
    retryDelayOnFailover: 0,
    slotsRefreshTimeout: 2000,
    slotsRefreshInterval: 5000,
    // Certificates name hosts, not the addresses that they resolve to.
    ...(access.tls && { dnsLookup: (host, found) => found(null, host) })
  })
}

interface Address {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly db?: number
  readonly tls?: ConnectionOptions
}

function readAddress(text: string): Address {
  const full = text.includes('://') ? text : `redis://${text}`
  if (!/^rediss?:[/][/]./.test(full) || !URL.canParse(full))
    throw new Error('An address of Redis must look like redis://user:password@host:6379/0')
  const url = new URL(full)
  const db = Number(url.pathname.slice(1))
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 6379),
    ...(url.username && { username: decodeURIComponent(url.username) }),
    ...(url.password && { password: decodeURIComponent(url.password) }),
    ...(db > 0 && { db }),
    ...(url.protocol === 'rediss:' && { tls: {} })
  }
}

const addressOf = (nodes: readonly Address[]): string =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(', ')
