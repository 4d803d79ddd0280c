import t from 'tap'
import { BadSettings, readConfig } from '../src/config.ts'
import { studioLimits } from '../src/engine/limits.ts'

const accountSid = `AC${'0'.repeat(31)}1`
const keySid = `SK${'0'.repeat(31)}2`
const twilio = {
  TWILIO_ACCOUNT_SID: accountSid,
  TWILIO_AUTH_TOKEN: 'token',
  PUBLIC_URL: 'https://example.com'
}

/** The lines of the message, without the one that introduces them. */
function faultsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof BadSettings)) throw error
    return error.message
      .split('\n')
      .slice(1)
      .map(line => line.trim())
  }
}

t.test('without any setting the simulator plays Twilio, on this machine only', async t => {
  t.strictSame(readConfig({}), {
    port: 3000,
    host: '127.0.0.1',
    publicUrl: null,
    twilio: null,
    apiKeys: [],
    dataDir: '.reprise',
    flowsDir: null,
    logLevel: 'info',
    simulatorPort: 3001,
    reconcileAtStart: true,
    maxTurns: 500,
    leaseMs: 30_000,
    catchUpMs: 900_000,
    limits: studioLimits,
    redis: null,
    http: { timeoutMs: 10_000, maxBytes: 65_536, allowedInternalHosts: new Set() },
    timeZone: 'UTC',
    maxTriggersPerSecond: null
  })
})

t.test('with an account it listens everywhere', async t => {
  t.match(readConfig(twilio), {
    host: '0.0.0.0',
    publicUrl: 'https://example.com',
    twilio: { accountSid, authToken: 'token', apiKey: null, baseUrl: null }
  })
  t.equal(readConfig({ ...twilio, HOST: '10.0.0.1' }).host, '10.0.0.1')
})

t.test('every setting finds its place', async t => {
  const config = readConfig({
    ...twilio,
    PORT: '8080',
    TWILIO_API_KEY: keySid,
    TWILIO_API_SECRET: 'secret',
    TWILIO_API_BASE_URL: 'http://127.0.0.1:3001',
    API_KEYS: 'SKone:first,SKtwo:with:colons',
    DATA_DIR: '/data',
    FLOWS_DIR: '/flows',
    LOG_LEVEL: 'debug',
    SIMULATOR_PORT: '8081',
    RECONCILE_AT_START: 'false',
    MAX_TURNS: '7',
    LEASE_SECONDS: '10',
    CATCH_UP_MINUTES: '5',
    MAX_STEPS: '8',
    MAX_SAME_WIDGET: '9',
    MAX_LIFETIME_DAYS: '2',
    MAX_CONTEXT_SIZE: '1000'
  })
  t.match(config, {
    port: 8080,
    twilio: {
      apiKey: { user: keySid, secret: 'secret' },
      baseUrl: 'http://127.0.0.1:3001'
    },
    dataDir: '/data',
    flowsDir: '/flows',
    logLevel: 'debug',
    simulatorPort: 8081,
    reconcileAtStart: false,
    maxTurns: 7,
    leaseMs: 10_000,
    catchUpMs: 300_000,
    limits: { steps: 8, sameWidget: 9, lifetimeMs: 172_800_000, contextSize: 1000 }
  })
  t.strictSame(config.apiKeys, [
    { user: 'SKone', secret: 'first' },
    { user: 'SKtwo', secret: 'with:colons' }
  ])
})

t.test('all faults are told at once, each with its setting', async t => {
  const faults = faultsOf({
    PORT: '99999',
    PUBLIC_URL: 'ftp://example.com',
    TWILIO_ACCOUNT_SID: 'AC1',
    TWILIO_API_KEY: 'SK1',
    TWILIO_API_BASE_URL: 'localhost',
    API_KEYS: 'nobody',
    LOG_LEVEL: 'loud',
    SIMULATOR_PORT: '0',
    RECONCILE_AT_START: 'maybe',
    MAX_TURNS: 'many',
    LEASE_SECONDS: '1',
    CATCH_UP_MINUTES: '-5',
    MAX_STEPS: '0',
    MAX_SAME_WIDGET: '-1',
    MAX_LIFETIME_DAYS: '1.5',
    MAX_CONTEXT_SIZE: '99999999999'
  })
  const named = faults.map(fault => fault.split(' ')[0])
  t.strictSame(named, [
    'PORT',
    'PUBLIC_URL',
    'TWILIO_ACCOUNT_SID',
    'TWILIO_API_KEY',
    'TWILIO_API_BASE_URL',
    'API_KEYS',
    'LOG_LEVEL',
    'SIMULATOR_PORT',
    'RECONCILE_AT_START',
    'MAX_TURNS',
    'LEASE_SECONDS',
    'CATCH_UP_MINUTES',
    'MAX_STEPS',
    'MAX_SAME_WIDGET',
    'MAX_LIFETIME_DAYS',
    'MAX_CONTEXT_SIZE',
    'TWILIO_AUTH_TOKEN',
    'TWILIO_API_SECRET'
  ])
  t.match(faults.join('\n'), /LOG_LEVEL .*trace, debug, info, warn, error or silent/)
})

t.test('waits are not checked in between where 0 says so', async t => {
  t.equal(readConfig({ CATCH_UP_MINUTES: '0' }).catchUpMs, null)
})

t.test('a fault does not repeat a secret', async t => {
  const [fault = ''] = faultsOf({ API_KEYS: 'SK1:hush,SK2' })
  t.match(fault, /API_KEYS/)
  t.notMatch(fault, /hush/)
})

t.test('settings that need a partner say which', async t => {
  const missing = (environment: Record<string, string>) =>
    faultsOf(environment).map(fault => /^(\w+) is missing; (\w+) needs it$/.exec(fault)?.slice(1))
  t.strictSame(missing({ TWILIO_ACCOUNT_SID: accountSid }), [
    ['TWILIO_AUTH_TOKEN', 'TWILIO_ACCOUNT_SID'],
    ['PUBLIC_URL', 'TWILIO_ACCOUNT_SID']
  ])
  t.strictSame(missing({ TWILIO_AUTH_TOKEN: 'token' }), [
    ['TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN']
  ])
  t.strictSame(missing({ ...twilio, TWILIO_API_KEY: keySid }), [
    ['TWILIO_API_SECRET', 'TWILIO_API_KEY']
  ])
  t.strictSame(missing({ ...twilio, TWILIO_API_SECRET: 'secret' }), [
    ['TWILIO_API_KEY', 'TWILIO_API_SECRET']
  ])
  t.strictSame(missing({ TWILIO_API_BASE_URL: 'http://127.0.0.1:1' }), [
    ['TWILIO_ACCOUNT_SID', 'TWILIO_API_BASE_URL']
  ])
  t.strictSame(missing({ PUBLIC_URL: 'https://example.com' }), [])
})

t.test('a setting that is empty is not set', async t => {
  const empty = Object.fromEntries(
    ['PORT', 'HOST', 'PUBLIC_URL', 'TWILIO_ACCOUNT_SID', 'API_KEYS', 'FLOWS_DIR', 'LOG_LEVEL'].map(
      name => [name, '']
    )
  )
  t.strictSame(readConfig(empty), readConfig({}))
})

t.test('slashes at the end of PUBLIC_URL do not count', async t => {
  const publicUrl = (PUBLIC_URL: string) => readConfig({ ...twilio, PUBLIC_URL }).publicUrl
  t.equal(publicUrl('https://example.com/'), 'https://example.com')
  t.equal(publicUrl('https://example.com/reprise//'), 'https://example.com/reprise')
})

t.test('a URL carries no query and no fragment', async t => {
  for (const PUBLIC_URL of ['https://example.com/?a=1', 'https://example.com/#top', 'example.com'])
    t.equal(faultsOf({ PUBLIC_URL }).length, 1, PUBLIC_URL)
})

t.test('what it does not know, it leaves to others', async t => {
  t.strictSame(readConfig({ PATH: '/bin', NODE_ENV: 'production' }), readConfig({}))
})

t.test('it cannot be changed afterwards', async t => {
  const config = readConfig(twilio)
  t.ok(Object.isFrozen(config))
  t.throws(() => Object.assign(config, { port: 1 }), TypeError)
})

t.test('Redis is one server, one that Sentinels watch over, or the nodes of a Cluster', async t => {
  const standard = { tls: false, waitReplicas: 0, prefix: 'reprise', shards: 16 }
  t.strictSame(readConfig({ REDIS_URL: 'rediss://:secret@redis:6380/1' }).redis, {
    url: 'rediss://:secret@redis:6380/1',
    ...standard
  })
  t.strictSame(readConfig({ REDIS_CLUSTER_NODES: 'one:7000,two:7000' }).redis, {
    clusterNodes: ['one:7000', 'two:7000'],
    ...standard
  })
  const watched = { REDIS_SENTINELS: 'one:26379,two:26379', REDIS_SENTINEL_NAME: 'main' }
  t.strictSame(readConfig(watched).redis, {
    sentinels: { name: 'main', nodes: ['one:26379', 'two:26379'] },
    ...standard
  })
  t.strictSame(
    readConfig({
      ...watched,
      REDIS_SENTINEL_USERNAME: 'guest',
      REDIS_SENTINEL_PASSWORD: 'hush',
      REDIS_USERNAME: 'reprise',
      REDIS_PASSWORD: 'secret',
      REDIS_TLS: 'true',
      REDIS_WAIT_REPLICAS: '1',
      REDIS_PREFIX: 'staging',
      REDIS_SHARDS: '64'
    }).redis,
    {
      sentinels: {
        name: 'main',
        nodes: ['one:26379', 'two:26379'],
        username: 'guest',
        password: 'hush'
      },
      username: 'reprise',
      password: 'secret',
      tls: true,
      waitReplicas: 1,
      prefix: 'staging',
      shards: 64
    }
  )
  t.match(readConfig({ REDIS_URL: 'redis://redis', REDIS_PASSWORD: 'secret' }).redis, {
    url: 'redis://redis',
    password: 'secret'
  })
  t.equal(readConfig({ REDIS_PREFIX: 'staging', REDIS_SHARDS: '64' }).redis, null)
})

t.test('settings of Redis that make no sense are told', async t => {
  const named = (environment: Record<string, string>) =>
    faultsOf(environment).map(fault => fault.split(' ')[0])
  t.strictSame(
    named({
      REDIS_URL: 'http://redis',
      REDIS_SENTINELS: 'one',
      REDIS_CLUSTER_NODES: 'one two:1',
      REDIS_TLS: 'yes',
      REDIS_PREFIX: 'a{b}',
      REDIS_SHARDS: '0'
    }).slice(0, 6),
    [
      'REDIS_URL',
      'REDIS_SENTINELS',
      'REDIS_CLUSTER_NODES',
      'REDIS_TLS',
      'REDIS_PREFIX',
      'REDIS_SHARDS'
    ]
  )
  const [fault = '', ...others] = faultsOf({ REDIS_URL: 'redis://user:hush@:port' })
  t.match(fault, /^REDIS_URL must look like/)
  t.notMatch(fault, /hush/)
  t.same(others, [])
})

t.test('settings of Redis that contradict each other are told, both of them', async t => {
  const url = { REDIS_URL: 'redis://redis' }
  const nodes = { REDIS_CLUSTER_NODES: 'one:7000' }
  const watched = { REDIS_SENTINELS: 'one:26379', REDIS_SENTINEL_NAME: 'main' }
  const all: [Record<string, string>, string, string][] = [
    [{ ...url, ...nodes }, 'REDIS_URL', 'REDIS_CLUSTER_NODES'],
    [{ ...url, ...watched }, 'REDIS_URL', 'REDIS_SENTINELS'],
    [{ ...nodes, ...watched }, 'REDIS_SENTINELS', 'REDIS_CLUSTER_NODES'],
    [{ ...url, REDIS_TLS: 'true' }, 'REDIS_TLS', 'REDIS_URL'],
    [{ REDIS_URL: 'redis://:a@b', REDIS_PASSWORD: 'c' }, 'REDIS_PASSWORD', 'REDIS_URL'],
    [{ REDIS_SENTINELS: 'one:26379' }, 'REDIS_SENTINEL_NAME', 'REDIS_SENTINELS'],
    [{ REDIS_SENTINEL_NAME: 'main' }, 'REDIS_SENTINELS', 'REDIS_SENTINEL_NAME'],
    [{ ...url, REDIS_SENTINEL_PASSWORD: 'a' }, 'REDIS_SENTINELS', 'REDIS_SENTINEL_PASSWORD'],
    [{ ...nodes, REDIS_USERNAME: 'a' }, 'REDIS_PASSWORD', 'REDIS_USERNAME'],
    [{ REDIS_PASSWORD: 'a' }, 'REDIS_PASSWORD', 'REDIS_URL'],
    [{ REDIS_TLS: 'true' }, 'REDIS_TLS', 'REDIS_CLUSTER_NODES']
  ]
  for (const [environment, one, other] of all) {
    const faults = faultsOf(environment)
    const [fault = '', ...others] = faults
    t.same(others, [])
    t.ok(fault.includes(one) && fault.includes(other), `${one} and ${other}: ${fault}`)
  }
})

t.test('what flows may reach inside the network is a list', async t => {
  const { http, timeZone, maxTriggersPerSecond } = readConfig({
    ALLOWED_INTERNAL_HOSTS: 'api.internal, 10.0.0.7',
    HTTP_TIMEOUT_SECONDS: '3',
    TIME_ZONE: 'America/New_York',
    MAX_TRIGGERS_PER_SECOND: '20'
  })
  t.same([...http.allowedInternalHosts], ['api.internal', '10.0.0.7'])
  t.equal(http.timeoutMs, 3000)
  t.equal(timeZone, 'America/New_York')
  t.equal(maxTriggersPerSecond, 20)
})
