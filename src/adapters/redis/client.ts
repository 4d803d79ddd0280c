// What this file knows about the options of ioredis, no other needs to.
import type { ConnectionOptions } from 'node:tls'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Client } from './connection.ts'

/** One of the three ways to find Redis; without any, the one on this machine. */
export interface Addresses {
  /** `redis://user:password@host:port/database`, or `rediss://…` for TLS. */
  readonly url?: string
  /** Some nodes of a Redis Cluster, each `host:port` or a URL; the others are found. */
  readonly clusterNodes?: readonly string[]
  /** Sentinels, each `host:port`, that know a Redis by this name, and who the service is to them. */
  readonly sentinels?: {
    readonly name: string
    readonly nodes: readonly string[]
    readonly username?: string
    readonly password?: string
  }
  /** Who the service is to Redis, where no URL says it. */
  readonly username?: string
  readonly password?: string
  readonly tls?: boolean
}

const standardUrl = 'redis://127.0.0.1:6379'

export function makeClient(addresses: Addresses): {
  readonly client: Client
  readonly address: string
} {
  const { url = standardUrl, clusterNodes, sentinels, tls } = addresses
  const access = { ...accessOf(addresses), ...(tls && { tls: {} }) }
  if (clusterNodes) {
    const nodes = clusterNodes.map(readAddress)
    return { client: clusterOf(nodes, access), address: addressOf(nodes) }
  }
  if (sentinels) {
    const nodes = sentinels.nodes.map(readAddress)
    const client = new Redis({ ...patient, ...access, ...watchedBy(nodes, sentinels, tls) })
    return { client, address: `${sentinels.name} (Sentinels ${addressOf(nodes)})` }
  }
  const one = readAddress(url)
  return { client: new Redis({ ...patient, ...access, ...one }), address: addressOf([one]) }
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
const patient = { ...impatient, retryStrategy } as const satisfies RedisOptions

type Access = Pick<RedisOptions, 'username' | 'password' | 'tls'>

/** Each connection asks them anew, so a failover needs nothing but that the old connection breaks. */
function watchedBy(
  nodes: readonly Address[],
  { name, username, password }: NonNullable<Addresses['sentinels']>,
  tls = false
) {
  return {
    sentinels: nodes.map(({ host, port }) => ({ host, port })),
    name,
    sentinelRetryStrategy: retryStrategy,
    // One that hangs must not keep the others from being asked.
    sentinelCommandTimeout: 1000,
    ...(username && { sentinelUsername: username }),
    ...(password && { sentinelPassword: password }),
    ...(tls && { sentinelTLS: {}, enableTLSForSentinelMode: true })
  }
}

function clusterOf(nodes: readonly Address[], given: Access): Cluster {
  const { host: _, port: __, db: ___, ...said } = nodes[0] ?? readAddress(standardUrl)
  const access = { ...given, ...said }
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
    ...accessOf({
      username: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password)
    }),
    ...(db > 0 && { db }),
    ...(url.protocol === 'rediss:' && { tls: {} })
  }
}

const accessOf = ({ username, password }: Pick<Addresses, 'username' | 'password'>) => ({
  ...(username && { username }),
  ...(password && { password })
})

const addressOf = (nodes: readonly Address[]): string =>
  nodes.map(({ host, port }) => `${host}:${port}`).join(', ')
