// The import table: who may know whom. Everything that is not listed here is forbidden.
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import t from 'tap'

interface Row {
  /** Other rooms, or single files of theirs; `types of x` allows only what `import type` can see. Own room always. */
  readonly rooms: readonly string[]
  /** `x/*` and `node:*` stand for all that begins so; a name also stands for its inner paths. */
  readonly packages: readonly string[]
}

const everyRoom = ['*']
const adapter = ['runtime/ports.ts', 'runtime/errors.ts', 'types of engine', 'types of flow']
const store = [...adapter, 'engine/change.ts', 'engine/text.ts', 'adapters/memory']

const table: Readonly<Record<string, Row>> = {
  flow: { rooms: [], packages: ['typebox'] },
  engine: { rooms: ['flow'], packages: [] },
  template: { rooms: [], packages: ['liquidjs'] },
  widgets: { rooms: ['engine', 'template'], packages: ['typebox'] },
  runtime: { rooms: ['engine', 'flow'], packages: [] },
  'adapters/memory': { rooms: adapter, packages: ['lru-cache', 'node:crypto'] },
  'adapters/embedded': { rooms: store, packages: ['lmdb', 'node:*'] },
  'adapters/redis': { rooms: store, packages: ['ioredis', 'node:*'] },
  'adapters/twilio': { rooms: adapter, packages: ['twilio', 'undici', 'node:*'] },
  'adapters/fetch': { rooms: adapter, packages: ['undici', 'node:*'] },
  'adapters/system': { rooms: adapter, packages: ['node:*'] },
  http: {
    rooms: ['runtime', 'flow', 'types of engine'],
    packages: ['fastify', '@fastify/*', 'typebox', 'node:crypto']
  },
  simulator: { rooms: [], packages: ['fastify', '@fastify/*', 'typebox', 'node:*'] },
  'flow-test': { rooms: ['runtime', 'engine', 'flow', 'widgets', 'simulator'], packages: ['yaml'] },
  // The defaults of its limits are the engine's own.
  'config.ts': { rooms: ['engine/limits.ts', 'redis-settings.ts'], packages: ['typebox'] },
  'redis-settings.ts': { rooms: [], packages: ['typebox'] },
  'main.ts': { rooms: everyRoom, packages: ['pino', 'close-with-grace'] },
  'cli.ts': { rooms: everyRoom, packages: ['pino', 'close-with-grace'] },
  // The commands of cli.ts, one file each.
  cli: { rooms: everyRoom, packages: ['pino', 'close-with-grace', 'node:*'] },
  // What main.ts and cli.ts have in common.
  'service.ts': { rooms: everyRoom, packages: ['types of pino', 'types of fastify', 'node:*'] },
  'simulated.ts': { rooms: everyRoom, packages: ['types of pino', 'node:*'] }
}

const longest = 300

/** Source files by their path from src, with what stands in them. */
type Files = Readonly<Record<string, string>>

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

t.test('every file keeps to its room, to the import table, and to its length', async t => {
  const src = join(import.meta.dirname, '../src')
  const files = Object.fromEntries(
    readdirSync(src, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.ts'))
      .map(name => [name.replaceAll('\\', '/'), readFileSync(join(src, name), 'utf8')])
  )
  t.ok(Object.keys(files).length > 30, 'the files were found')
  t.strictSame(violations(files), [])
})

t.test('imports of every form are seen', async t => {
  const text = `#!/usr/bin/env node
import plain from 'a'
import type { B } from "b"
import { type C, type C2 } from 'c'
import { type D, d } from 'd'
import type E from 'e'
import F, { type F2 } from 'f'
import * as g from 'g'
import 'h'
import {
  i,
  // with a comment
  type I
} from 'i'
export * from 'j'
export type { K } from 'k'
export { type L } from 'l'
export const m = await import('m')
  // import no from 'comment'
/* import no from 'comment' */
const text = "import no from 'text'"
export const from = 'n'
`
  t.strictSame(
    importsOf(text)
      .map(({ from, typeOnly }) => `${from}${typeOnly ? ' (type)' : ''}`)
      .sort(),
    [
      'a',
      'b (type)',
      'c (type)',
      'd',
      'e (type)',
      'f',
      'g',
      'h',
      'i',
      'j',
      'k (type)',
      'l (type)',
      'm'
    ]
  )
})

t.test('a planted violation is caught, and what is allowed is not', async t => {
  const widget = "import { defineWidget } from './define.ts'\nexport const x = defineWidget({})"
  const planted: Readonly<Record<string, [file: string, text: string]>> = {
    'engine/x.ts imports widgets/index.ts': [
      'engine/x.ts',
      "import { widgets } from '../widgets/index.ts'"
    ],
    'engine/x.ts imports widgets/y.ts': ['engine/x.ts', "import type { Y } from '../widgets/y.ts'"],
    'engine/x.ts imports node:crypto': ['engine/x.ts', "import { randomUUID } from 'node:crypto'"],
    'flow/x.ts imports engine/json.ts': [
      'flow/x.ts',
      "export type { Json } from '../engine/json.ts'"
    ],
    'widgets/x.ts imports twilio': ['widgets/x.ts', "import twilio from 'twilio'"],
    'widgets/x.ts imports runtime/ports.ts': [
      'widgets/x.ts',
      "await import('../runtime/ports.ts')"
    ],
    'widgets/x.ts imports widgets/wave.ts, which is a widget': [
      'widgets/x.ts',
      "import { wave } from './wave.ts'"
    ],
    'runtime/x.ts imports undici': ['runtime/x.ts', "import 'undici'"],
    'adapters/redis/x.ts imports adapters/system/clock.ts': [
      'adapters/redis/x.ts',
      "import { clock } from '../system/clock.ts'"
    ],
    'adapters/redis/x.ts imports lmdb': ['adapters/redis/x.ts', "import { open } from 'lmdb'"],
    'adapters/redis/x.ts imports engine/json.ts, and not only types': [
      'adapters/redis/x.ts',
      "import { type Json, isObject } from '../../engine/json.ts'"
    ],
    'adapters/redis/x.ts imports runtime/turn.ts': [
      'adapters/redis/x.ts',
      "import type { Turn } from '../../runtime/turn.ts'"
    ],
    'http/x.ts imports adapters/redis/store.ts': [
      'http/x.ts',
      "import { store } from '../adapters/redis/store.ts'"
    ],
    'http/x.ts imports fastify-plugin': ['http/x.ts', "import plugin from 'fastify-plugin'"],
    'simulator/x.ts imports engine/json.ts': [
      'simulator/x.ts',
      "import type { Json } from '../engine/json.ts'"
    ],
    'main.ts imports lmdb': ['main.ts', "import { open } from 'lmdb'"],
    'flow/x.ts imports ../package.json, which is outside': [
      'flow/x.ts',
      "import about from '../../package.json'"
    ],
    'utils/x.ts is in no room of the table': ['utils/x.ts', ''],
    'adapters/x.ts is in no room of the table': ['adapters/x.ts', ''],
    'helpers.ts is in no room of the table': ['helpers.ts', ''],
    'runtime/x.ts reads process.env': ['runtime/x.ts', 'const home = process.env.HOME'],
    'engine/x.ts reads process.env': ['engine/x.ts', 'const { env } = process'],
    'engine/x.ts has 301 lines': ['engine/x.ts', '//\n'.repeat(301)]
  }
  for (const [message, [file, text]] of Object.entries(planted)) {
    t.strictSame(violations({ 'widgets/wave.ts': widget, [file]: text }), [message])
  }
  const allowed: Files = {
    'widgets/wave.ts': `${widget}\nimport type { Visit } from '../engine/widget.ts'`,
    'widgets/index.ts': "import { wave } from './wave.ts'",
    'widgets/define.ts': 'export const defineWidget = <T>(definition: T) => definition',
    'adapters/twilio/client.ts':
      "import type { Json } from '../../engine/json.ts'\nimport x from 'twilio/lib/x.js'",
    'http/app.ts':
      "import swagger from '@fastify/swagger'\nimport type { Step } from '../engine/execution.ts'",
    'config.ts': 'export const port = process.env.PORT // process.env',
    'runtime/turn.ts': `// never reads process.env\n${'//\n'.repeat(299)}`,
    'main.ts': "import { pino } from 'pino'\nimport { open } from './adapters/embedded/store.ts'"
  }
  t.strictSame(violations(allowed), [])
})

function violations(files: Files): string[] {
  const isWidget = (name: string) =>
    name.startsWith('widgets/') && (files[name] ?? '').includes('defineWidget(')
  return Object.entries(files).flatMap(([file, text]) => {
    const row = table[roomOf(file)]
    if (!row) return [`${file} is in no room of the table`]
    const lines = text.replace(/\n$/, '').split('\n').length
    return [
      ...importsOf(text).flatMap(({ from, typeOnly }) => {
        if (!from.startsWith('.')) return packageViolation(row, from, typeOnly)
        const target = posix.join(posix.dirname(file), from)
        if (target.startsWith('..')) return [`imports ${target}, which is outside`]
        if (isWidget(target) && file.startsWith('widgets/') && file !== 'widgets/index.ts')
          return [`imports ${target}, which is a widget`]
        return roomOf(target) === roomOf(file) ? [] : roomViolation(row, target, typeOnly)
      }),
      ...(file !== 'config.ts' && readsEnvironment(text) ? ['reads process.env'] : []),
      ...(lines > longest ? [`has ${lines} lines`] : [])
    ].map(violation => `${file} ${violation}`)
  })
}

/** `flow`, `adapters/redis`, or the name of a file that stands in src itself. */
function roomOf(file: string): string {
  const folders = file.split('/').slice(0, -1)
  if (folders.length === 0) return file
  return folders.slice(0, folders[0] === 'adapters' ? 2 : 1).join('/')
}

function roomViolation({ rooms }: Row, target: string, typeOnly: boolean): string[] {
  const names = ['*', roomOf(target), target]
  if (names.some(name => rooms.includes(name))) return []
  if (!names.some(name => rooms.includes(`types of ${name}`))) return [`imports ${target}`]
  return typeOnly ? [] : [`imports ${target}, and not only types`]
}

function packageViolation({ packages }: Row, from: string, typeOnly: boolean): string[] {
  const covers = (name: string) =>
    name.endsWith('*')
      ? from.startsWith(name.slice(0, -1))
      : from === name || from.startsWith(`${name}/`)
  if (packages.some(covers)) return []
  const types = packages.filter(name => name.startsWith('types of '))
  if (!types.some(name => covers(name.slice('types of '.length)))) return [`imports ${from}`]
  return typeOnly ? [] : [`imports ${from}, and not only types`]
}

/** Comments gone, and texts that hold no comment kept. */
function codeOf(text: string): string {
  return text.replace(/('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|\/\*[\s\S]*?\*\/|\/\/.*/g, '$1')
}

function importsOf(text: string): Import[] {
  const code = codeOf(text)
  const statement =
    /^(?:import|export)\s+(type\s+(?!from\b))?(?:([\w$]+)\s*,?\s*)?(\{[^}]*\}|\*(?:\s+as\s+[\w$]+)?)?\s*from\s*['"]([^'"]+)['"]/gm
  const named = [...code.matchAll(statement)].map(([, type, single, list = '', from = '']) => ({
    from,
    typeOnly: type !== undefined || (single === undefined && isTypeList(list))
  }))
  const bare = [...code.matchAll(/^import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm)]
  return [
    ...named,
    ...bare.map(([, effect, later]) => ({ from: effect ?? later ?? '', typeOnly: false }))
  ]
}

function isTypeList(list: string): boolean {
  const names = list.replace(/^\{|\}$/g, '').split(',')
  return list.startsWith('{') && names.every(name => /^\s*(type\s|$)/.test(name))
}

function readsEnvironment(text: string): boolean {
  const forms = [
    /\bprocess\s*(\.\s*env\b|\[)/,
    /\benv\b[^=\n]*\}\s*=\s*process\b/,
    /\benv\b.*node:process/
  ]
  return forms.some(form => form.test(codeOf(text)))
}
