// What the environment says of Redis: one server, Sentinels that know it, or a Cluster.
import { type Static, Type } from 'typebox'

const Nodes = (description: string) =>
  Type.Optional(Type.String({ pattern: '^[^,:\\s]+:\\d+(,[^,:\\s]+:\\d+)*$', description }))
const Text = (description: string) => Type.Optional(Type.String({ minLength: 1, description }))

export const redisSettings = {
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://[^/\\s]',
      description:
        'Redis 6.2 or later instead of the embedded store: any number of processes can share it'
    })
  ),
  REDIS_SENTINELS: Nodes(
    'Or a Redis that Sentinels watch over: host:port of the Sentinels, separated by commas'
  ),
  REDIS_SENTINEL_NAME: Text('The name by which they know it'),
  REDIS_SENTINEL_USERNAME: Text('Who the service is to the Sentinels, where they ask'),
  REDIS_SENTINEL_PASSWORD: Text('Its password there'),
  REDIS_CLUSTER_NODES: Nodes(
    'Or a Redis Cluster: host:port of some nodes, separated by commas; the others are found'
  ),
  REDIS_USERNAME: Text('Who the service is to Redis, where REDIS_URL does not say it'),
  REDIS_PASSWORD: Text('Its password, where REDIS_URL does not say it'),
  REDIS_TLS: Type.Union([Type.Literal('true'), Type.Literal('false')], {
    default: 'false',
    description:
      'true for connections by TLS, to the Sentinels as well; with REDIS_URL write rediss:// instead'
  }),
  REDIS_WAIT_REPLICAS: Type.Integer({
    minimum: 0,
    maximum: 100,
    default: 0,
    description: 'Replicas that must have a change before it counts; see "Where state lives"'
  }),
  REDIS_PREFIX: Type.String({
    pattern: '^[^{}\\s]+$',
    default: 'reprise',
    description: 'Begins every key, so that several services can share one Redis'
  }),
  REDIS_SHARDS: Type.Integer({
    minimum: 1,
    maximum: 65536,
    default: 16,
    description:
      'Parts that a Cluster can spread over its nodes; fixed by the first start for as long as the data lives'
  })
}
const RedisSettings = Type.Object(redisSettings)
type RedisSettings = Static<typeof RedisSettings>

export interface RedisConfig {
  readonly url?: string
  readonly clusterNodes?: readonly string[]
  readonly sentinels?: {
    readonly name: string
    readonly nodes: readonly string[]
    readonly username?: string
    readonly password?: string
  }
  readonly username?: string
  readonly password?: string
  readonly tls: boolean
  readonly waitReplicas: number
  readonly prefix: string
  readonly shards: number
}

type Name = keyof RedisSettings
const places = ['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'] as const

export function redisFaults(settings: RedisSettings): string[] {
  const isGiven = (name: Name) =>
    settings[name] !== undefined && !(name === 'REDIS_TLS' && settings.REDIS_TLS === 'false')
  const given = places.filter(isGiven)
  const needs = (name: Name, other: Name) =>
    isGiven(name) && !isGiven(other) ? [`${other} is missing; ${name} needs it`] : []
  const access = (['REDIS_USERNAME', 'REDIS_PASSWORD', 'REDIS_TLS'] as const).filter(isGiven)
  return [
    ...given
      .slice(1)
      .map(name => `${given[0]} and ${name} contradict each other: give one of them`),
    ...needs('REDIS_SENTINELS', 'REDIS_SENTINEL_NAME'),
    ...needs('REDIS_SENTINEL_NAME', 'REDIS_SENTINELS'),
    ...needs('REDIS_SENTINEL_USERNAME', 'REDIS_SENTINEL_PASSWORD'),
    ...needs('REDIS_SENTINEL_PASSWORD', 'REDIS_SENTINELS'),
    ...needs('REDIS_USERNAME', 'REDIS_PASSWORD'),
    ...(given.length > 0 ? [] : access.map(name => `${name} needs one of ${places.join(', ')}`)),
    ...(settings.REDIS_URL === undefined ? [] : contradictions(settings.REDIS_URL, access))
  ]
}

/** What an address says itself, no other setting may say again. */
function contradictions(address: string, access: readonly Name[]): string[] {
  // Told by its own fault, which does not repeat the password in it.
  if (!URL.canParse(address)) return ['REDIS_URL must look like redis://user:password@host:6379/0']
  const { protocol, username, password } = new URL(address)
  const said: readonly Name[] = [
    ...(username ? (['REDIS_USERNAME'] as const) : []),
    ...(password ? (['REDIS_PASSWORD'] as const) : []),
    ...(protocol === 'redis:' ? (['REDIS_TLS'] as const) : [])
  ]
  return access
    .filter(name => said.includes(name))
    .map(name => `${name} and REDIS_URL contradict each other: say it in one of them`)
}

/** Null for the embedded store. */
export function redisConfig(settings: RedisSettings): RedisConfig | null {
  const { REDIS_URL, REDIS_SENTINELS, REDIS_CLUSTER_NODES } = settings
  const { REDIS_USERNAME, REDIS_PASSWORD, REDIS_PREFIX, REDIS_SHARDS } = settings
  if (REDIS_URL === undefined && !REDIS_SENTINELS && !REDIS_CLUSTER_NODES) return null
  const { REDIS_SENTINEL_NAME, REDIS_SENTINEL_USERNAME, REDIS_SENTINEL_PASSWORD } = settings
  return {
    ...(REDIS_URL !== undefined && { url: REDIS_URL }),
    ...(REDIS_CLUSTER_NODES && { clusterNodes: REDIS_CLUSTER_NODES.split(',') }),
    ...(REDIS_SENTINELS &&
      REDIS_SENTINEL_NAME && {
        sentinels: {
          name: REDIS_SENTINEL_NAME,
          nodes: REDIS_SENTINELS.split(','),
          ...(REDIS_SENTINEL_USERNAME && { username: REDIS_SENTINEL_USERNAME }),
          ...(REDIS_SENTINEL_PASSWORD && { password: REDIS_SENTINEL_PASSWORD })
        }
      }),
    ...(REDIS_USERNAME && { username: REDIS_USERNAME }),
    ...(REDIS_PASSWORD && { password: REDIS_PASSWORD }),
    tls: settings.REDIS_TLS === 'true',
    waitReplicas: settings.REDIS_WAIT_REPLICAS,
    prefix: REDIS_PREFIX,
    shards: REDIS_SHARDS
  }
}
