// Breaks each promise on purpose, in a copy of this checkout, and shows which test notices.
//   npm run mutations            all of them
//   npm run mutations -- P5 P8   those of some promises
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Mutation, mutations } from './mutation-list.ts'

interface Outcome {
  readonly ok: boolean
  readonly noticed: string
}

const root = join(import.meta.dirname, '..')
const wanted = process.argv.slice(2)
const chosen = mutations.filter(
  ({ promise }) => wanted.length === 0 || wanted.some(number => promise.startsWith(`${number} `))
)
const copy = mkdtempSync(join(tmpdir(), 'mutations-'))
process.on('exit', () => rmSync(copy, { recursive: true, force: true }))

for (const entry of [
  'src',
  'test',
  'scripts',
  'flows',
  'package.json',
  'tsconfig.json',
  'openapi.yaml',
  'README.md'
]) {
  cpSync(join(root, entry), join(copy, entry), { recursive: true })
}
symlinkSync(realpathSync(join(root, 'node_modules')), join(copy, 'node_modules'))

const rows = chosen.map(mutation => {
  const row = { ...mutation, ...tryOut(mutation) }
  console.log(line(row))
  return row
})
const bad = rows.filter(({ ok }) => !ok)
console.log(`\n${rows.length - bad.length} of ${rows.length} mutations were noticed`)
process.exitCode = bad.length > 0 ? 1 : 0

function tryOut({ file, find, replace, tests }: Mutation): Outcome {
  const path = join(copy, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(find).length !== 2) {
    return { ok: false, noticed: `"${find}" does not stand in ${file} exactly once any more` }
  }
  writeFileSync(
    path,
    text.replace(find, () => replace)
  )
  try {
    const run = spawnSync(
      'npx',
      ['tap', '--jobs=1', '--bail', '--reporter=tap', '--timeout=600', ...tests],
      { cwd: copy, encoding: 'utf8', maxBuffer: 1 << 28 }
    )
    if (run.status === 0) return { ok: false, noticed: `SURVIVED ${tests.join(' ')}` }
    const noticed = firstFailure(run.stdout)
    return noticed === null
      ? { ok: false, noticed: `no test failed, but tap did:\n${run.stdout}${run.stderr}` }
      : { ok: true, noticed }
  } finally {
    writeFileSync(path, text)
  }
}

/** The name of the first test that went red, behind those that hold it; the file comes first. */
function firstFailure(tap: string): string | null {
  const holders = new Map<number, string>()
  for (const text of tap.split('\n')) {
    const indent = text.search(/\S/)
    const opened = /^ *# Subtest: (.*)$/.exec(text)?.[1]
    if (opened !== undefined) {
      for (const other of holders.keys()) if (other >= indent) holders.delete(other)
      holders.set(indent, opened)
    }
    const failed = /^ *not ok \d+ - (.*?)(?: # time=.*)?$/.exec(text)?.[1]
    if (failed === undefined) continue
    const names = [...holders].filter(([at]) => at < indent || indent === 0).map(([, name]) => name)
    return [...names, failed].join(' › ').slice(0, 400)
  }
  return null
}

function line({ promise, what, noticed, ok }: Mutation & Outcome): string {
  return `${ok ? 'red ' : 'FAIL'}  ${promise.padEnd(31)} ${what}\n        ${noticed}`
}
