import { type Static, Type } from 'typebox'
import { Errors } from 'typebox/schema'
import { type Limits, studioLimits } from './engine/limits.ts'
import { type RedisConfig, redisConfig, redisFaults, redisSettings } from './redis-settings.ts'

const Url = (description: string) =>
  Type.Optional(Type.String({ pattern: '^https?://[^#?]+$', description }))
const Count = (value: number, description: string, maximum = 1_000_000_000) =>
  Type.Integer({ minimum: 1, maximum, default: value, description })

/** Every setting, as the environment names it. Descriptions are what the README and `--help` say. */
export const Settings = Type.Object({
  PORT: Type.Integer({
    minimum: 1,
    maximum: 65535,
    default: 3000,
    description: 'Port of the HTTP API'
  }),
  HOST: Type.Optional(
    Type.String({ description: 'Address to listen on; 0.0.0.0, or 127.0.0.1 with the simulator' })
  ),
  PUBLIC_URL: Url('Where Twilio reaches this service; webhook signatures are checked against it'),
  TWILIO_ACCOUNT_SID: Type.Optional(
    Type.String({
      pattern: '^AC[0-9a-fA-F]{32}$',
      description: 'Your account; without it the built-in simulator plays Twilio'
    })
  ),
  TWILIO_AUTH_TOKEN: Type.Optional(
    Type.String({ minLength: 1, description: 'Its token: signs webhooks, and may call the API' })
  ),
  TWILIO_API_KEY: Type.Optional(
    Type.String({
      pattern: '^SK[0-9a-fA-F]{32}$',
      description: 'Used for calls to Twilio instead of the token'
    })
  ),
  TWILIO_API_SECRET: Type.Optional(Type.String({ minLength: 1, description: "The key's secret" })),
  TWILIO_API_BASE_URL: Url(
    'Takes the place of every Twilio host, for a proxy or a simulator of your own'
  ),
  API_KEYS: Type.Optional(
    Type.String({
      pattern: '^SK[^:,]*:[^,]+(,SK[^:,]*:[^,]+)*$',
      description: 'Further callers of the API: SK…:secret, separated by commas'
    })
  ),
  DATA_DIR: Type.String({ default: '.reprise', description: 'Folder of the embedded store' }),
  ...redisSettings,
  FLOWS_DIR: Type.Optional(
    Type.String({ description: 'Folder of flow definitions (*.json) to publish at start' })
  ),
  LOG_LEVEL: Type.Union(
    ['trace', 'debug', 'info', 'warn', 'error', 'silent'].map(level => Type.Literal(level)),
    { default: 'info', description: 'trace, debug, info, warn, error or silent' }
  ),
  SIMULATOR_PORT: Type.Integer({
    minimum: 1,
    maximum: 65535,
    default: 3001,
    description: 'Port of the built-in simulator'
  }),
  RECONCILE_AT_START: Type.Union(
    ['true', 'false'].map(word => Type.Literal(word)),
    {
      default: 'true',
      description:
        'After a start, compare the webhooks of all active executions with those that are there (true or false)'
    }
  ),
  MAX_TURNS: Count(500, 'Turns that this process runs at once'),
  LEASE_SECONDS: Type.Integer({
    minimum: 2,
    maximum: 3600,
    default: 30,
    description:
      'Seconds after which another process takes over from one that died or stands still; the same for all of them'
  }),
  CATCH_UP_MINUTES: Type.Integer({
    minimum: 0,
    maximum: 525_600,
    default: 15,
    description:
      'Minutes after which a wait is first checked for replies whose webhook never came; later checks are ever rarer, down to once a day. 0: only before it times out, and after a restart or an outage'
  }),
  MAX_STEPS: Count(studioLimits.steps, 'Steps of one execution', 65535),
  MAX_SAME_WIDGET: Count(studioLimits.sameWidget, 'Runs of the same widget in a row'),
  MAX_LIFETIME_DAYS: Count(30, 'Days after which an execution expires', 3650),
  MAX_SUBFLOW_DEPTH: Count(
    studioLimits.subflowDepth,
    'Flows within flows; Studio itself allows one level'
  ),
  MAX_CONTEXT_SIZE: Count(
    studioLimits.contextSize,
    "Characters of an execution's context, as JSON"
  ),
  MAX_TRIGGERS_PER_SECOND: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'Executions that callers may start each second in this process; beyond that 429'
    })
  ),
  HTTP_TIMEOUT_SECONDS: Count(
    10,
    'Seconds that an HTTP request or Function of a flow may take',
    300
  ),
  HTTP_MAX_BYTES: Count(65536, 'Bytes of its answer'),
  ALLOWED_INTERNAL_HOSTS: Type.Optional(
    Type.String({
      description: 'Hosts inside your network that flows may call all the same, separated by commas'
    })
  ),
  TIME_ZONE: Type.String({
    default: 'UTC',
    description: 'Time zone of dates in templates, as in America/New_York'
  })
})
type Settings = Static<typeof Settings>

export interface Config {
  readonly port: number
  readonly host: string
  readonly publicUrl: string | null
  /** Null where the simulator plays Twilio. */
  readonly twilio: TwilioConfig | null
  readonly apiKeys: readonly { readonly user: string; readonly secret: string }[]
  readonly dataDir: string
  /** Null for the embedded store. */
  readonly redis: RedisConfig | null
  readonly flowsDir: string | null
  readonly logLevel: string
  readonly simulatorPort: number
  readonly reconcileAtStart: boolean
  readonly maxTurns: number
  /** How long a process may be silent before others take over what it holds. */
  readonly leaseMs: number
  /** Null where waits are not checked for replies in between. */
  readonly catchUpMs: number | null
  readonly limits: Limits
  readonly http: {
    readonly timeoutMs: number
    readonly maxBytes: number
    readonly allowedInternalHosts: ReadonlySet<string>
  }
  readonly timeZone: string
  readonly maxTriggersPerSecond: number | null
}

export interface TwilioConfig {
  readonly accountSid: string
  readonly authToken: string
  readonly apiKey: { readonly user: string; readonly secret: string } | null
  readonly baseUrl: string | null
}

/** The settings are not usable; the message names every fault. */
export class BadSettings extends Error {
  override readonly name = 'BadSettings'
}

export type Environment = Readonly<Record<string, string | undefined>>

/** As it is, for commands that need a few of its names. */
export const environment = (): Environment => process.env

/** The environment as one frozen object. Throws `BadSettings` with all that is wrong with it. */
export function readConfig(environment: Environment = process.env): Config {
  const given = Object.entries(Settings.properties).map(([name, schema]) => [
    name,
    settingOf(environment[name], schema)
  ])
  const settings = Object.fromEntries(given.filter(([, value]) => value !== undefined))
  const faults = [
    ...Object.entries(settings).flatMap(([name, value]) => faultOf(name, value)),
    ...missingPartners(settings as Settings),
    ...redisFaults(settings as Settings)
  ]
  if (faults.length > 0)
    throw new BadSettings(`These settings cannot be used:\n  ${faults.join('\n  ')}`)
  return Object.freeze(configOf(settings as Settings))
}

/** A setting that is empty is not set: that is how compose files leave one out. */
function settingOf(text: string | undefined, schema: object): unknown {
  const { type, default: standard } = schema as { type?: string; default?: unknown }
  if (text === undefined || text === '') return standard
  return type === 'integer' && /^\d+$/.test(text) ? Number(text) : text
}

/** One setting at a time: asked about all of them at once, the validator stops after a few errors. */
function faultOf(name: string, value: unknown): string[] {
  const schema = Settings.properties[name as keyof typeof Settings.properties]
  const [, errors] = Errors(schema, value)
  const { description } = schema as { description?: string }
  return errors.slice(0, 1).map(({ message }) => `${name} ${message} (${description})`)
}

function missingPartners(settings: Settings): string[] {
  const needs = (name: keyof Settings, other: keyof Settings) =>
    settings[name] !== undefined && settings[other] === undefined
      ? [`${other} is missing; ${name} needs it`]
      : []
  return [
    ...needs('TWILIO_ACCOUNT_SID', 'TWILIO_AUTH_TOKEN'),
    ...needs('TWILIO_AUTH_TOKEN', 'TWILIO_ACCOUNT_SID'),
    ...needs('TWILIO_API_KEY', 'TWILIO_API_SECRET'),
    ...needs('TWILIO_API_SECRET', 'TWILIO_API_KEY'),
    ...needs('TWILIO_API_KEY', 'TWILIO_ACCOUNT_SID'),
    ...needs('TWILIO_API_BASE_URL', 'TWILIO_ACCOUNT_SID'),
    ...needs('TWILIO_ACCOUNT_SID', 'PUBLIC_URL')
  ]
}

function configOf(settings: Settings): Config {
  const twilio = twilioConfig(settings)
  return {
    port: settings.PORT,
    host: settings.HOST ?? (twilio ? '0.0.0.0' : '127.0.0.1'),
    publicUrl: settings.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    twilio,
    apiKeys: (settings.API_KEYS?.split(',') ?? []).map(pair => {
      const [user = '', ...secret] = pair.split(':')
      return { user, secret: secret.join(':') }
    }),
    dataDir: settings.DATA_DIR,
    redis: redisConfig(settings),
    flowsDir: settings.FLOWS_DIR ?? null,
    logLevel: settings.LOG_LEVEL,
    simulatorPort: settings.SIMULATOR_PORT,
    reconcileAtStart: settings.RECONCILE_AT_START === 'true',
    maxTurns: settings.MAX_TURNS,
    leaseMs: settings.LEASE_SECONDS * 1000,
    catchUpMs: settings.CATCH_UP_MINUTES === 0 ? null : settings.CATCH_UP_MINUTES * 60 * 1000,
    limits: {
      ...studioLimits,
      steps: settings.MAX_STEPS,
      sameWidget: settings.MAX_SAME_WIDGET,
      lifetimeMs: settings.MAX_LIFETIME_DAYS * 24 * 60 * 60 * 1000,
      contextSize: settings.MAX_CONTEXT_SIZE,
      subflowDepth: settings.MAX_SUBFLOW_DEPTH
    },
    http: {
      timeoutMs: settings.HTTP_TIMEOUT_SECONDS * 1000,
      maxBytes: settings.HTTP_MAX_BYTES,
      allowedInternalHosts: new Set(
        settings.ALLOWED_INTERNAL_HOSTS?.split(',').map(host => host.trim())
      )
    },
    timeZone: settings.TIME_ZONE,
    maxTriggersPerSecond: settings.MAX_TRIGGERS_PER_SECOND ?? null
  }
}

function twilioConfig(settings: Settings): TwilioConfig | null {
  const {
    TWILIO_ACCOUNT_SID,
    TWILIO_AUTH_TOKEN,
    TWILIO_API_KEY,
    TWILIO_API_SECRET,
    TWILIO_API_BASE_URL
  } = settings
  if (TWILIO_ACCOUNT_SID === undefined || TWILIO_AUTH_TOKEN === undefined) return null
  return {
    accountSid: TWILIO_ACCOUNT_SID,
    authToken: TWILIO_AUTH_TOKEN,
    apiKey:
      TWILIO_API_KEY !== undefined && TWILIO_API_SECRET !== undefined
        ? { user: TWILIO_API_KEY, secret: TWILIO_API_SECRET }
        : null,
    baseUrl: TWILIO_API_BASE_URL ?? null
  }
}
