// What a run of chaos can be told, by flags or by the environment.
import { parseArgs } from 'node:util'
import { type Mood, moods } from './mood.ts'

export interface ChaosSettings {
  readonly conversations: number
  readonly turns: number
  readonly atOnce: number
  readonly processes: number
  readonly killEvery: number
  readonly restartRedisEvery: number
  readonly mood: Mood
  readonly seed: number
  readonly thinkingMs: number
  readonly waitSeconds: number
  readonly leaseSeconds: number
  readonly maxTurns: number
  readonly fsync: string
}

const options = {
  conversations: ['200', 'Conversations to play'],
  turns: ['10', 'Questions and answers in each'],
  'at-once': ['400', 'Conversations under way at the same time'],
  processes: ['3', 'Processes of the service, all on one Redis'],
  'kill-every': ['3', 'Seconds between two kill -9 of a process, on average; 0 for never'],
  'restart-redis-every': ['0', 'Seconds between two kill -9 of Redis; 0 for never'],
  mood: ['calm', `How Twilio behaves: ${Object.keys(moods).join(', ')}`],
  seed: ['', 'Repeats the choices of an earlier run'],
  'thinking-ms': [
    '40',
    'Milliseconds within which a customer answers; few, so that much happens between two kills'
  ],
  'wait-seconds': ['60', 'How long a question waits; customers always answer sooner'],
  'lease-seconds': ['30', 'LEASE_SECONDS of the service'],
  'max-turns': ['500', 'MAX_TURNS of the service'],
  fsync: ['always', 'appendfsync of Redis: always, everysec, no']
} as const

type Name = keyof typeof options
const names = Object.keys(options) as Name[]
const variable = (name: Name): string => `CHAOS_${name.toUpperCase().replaceAll('-', '_')}`

export const help = [
  'Usage: npm run chaos -- [--NAME VALUE]…',
  '',
  ...names.map(name => {
    const [standard, what] = options[name]
    return `  --${name.padEnd(20)} ${what} (${variable(name)}; ${standard || 'random'})`
  })
].join('\n')

/** Null where help was asked for. Throws where a setting cannot be used. */
export function readSettings(
  words: readonly string[],
  environment: Readonly<Record<string, string | undefined>>
): ChaosSettings | null {
  const flags = Object.fromEntries(names.map(name => [name, { type: 'string' as const }]))
  const known = { ...flags, help: { type: 'boolean' as const } }
  const values: Record<string, unknown> = parseArgs({ args: [...words], options: known }).values
  if (values.help) return null
  const text = (name: Name): string =>
    String(values[name] ?? environment[variable(name)] ?? options[name][0])
  const number = (name: Name, least = 0): number => {
    const value = Number(text(name))
    if (Number.isFinite(value) && value >= least) return value
    throw new Error(`--${name} must be a number from ${least} on, not ${text(name)}`)
  }
  const mood = text('mood')
  if (!isMood(mood)) throw new Error(`--mood must be one of ${Object.keys(moods).join(', ')}`)
  return {
    conversations: number('conversations', 1),
    turns: number('turns', 1),
    atOnce: number('at-once', 1),
    processes: number('processes', 1),
    killEvery: number('kill-every'),
    restartRedisEvery: number('restart-redis-every'),
    mood,
    seed: text('seed') === '' ? Math.floor(Math.random() * 1_000_000_000) : number('seed'),
    thinkingMs: number('thinking-ms'),
    waitSeconds: number('wait-seconds', 1),
    leaseSeconds: number('lease-seconds', 2),
    maxTurns: number('max-turns', 1),
    fsync: text('fsync')
  }
}

const isMood = (text: string): text is Mood => text in moods
