// Golden conversations. `<flow>.<case>.json` next to `<flow>.json` says what happens and what must come of it;
// run with UPDATE=1 to write what came of it instead, and review the difference like code.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Flow } from '../../src/flow/flow.ts'
import { parseFlow } from '../../src/flow/parse.ts'
import { widgets } from '../../src/widgets/index.ts'
import { type GoldenCase, play } from '../support/golden.ts'
import { deepFreeze } from '../support/pure-env.ts'

const folder = import.meta.dirname
const update = process.env.UPDATE === '1'
const names = readdirSync(folder).filter(name => name.endsWith('.json'))
const flowNames = names.filter(name => name.split('.').length === 2)

for (const flowName of flowNames) {
  const stem = flowName.slice(0, -'.json'.length)
  const cases = names.filter(name => name !== flowName && name.startsWith(`${stem}.`))
  t.test(stem, async t => {
    const flow = load(flowName)
    t.ok(cases.length > 0, 'has conversations')
    for (const name of cases) {
      const golden = deepFreeze(read<GoldenCase>(name))
      t.test(`${name}: ${golden.about}`, async t => {
        const came = play(flow, golden)
        if (update) write(name, { ...golden, expected: came })
        else t.strictSame(came, golden.expected)
      })
    }
  })
}

t.test('every conversation belongs to a flow', async t => {
  const orphans = names.filter(name => !flowNames.includes(`${name.split('.')[0]}.json`))
  t.strictSame(orphans, [])
})

t.test('a script that does not fit is told apart from one that does', async t => {
  const flow = load('delivery-rating.json')
  const golden = read<GoldenCase>('delivery-rating.satisfied.json')
  const { answers } = golden
  t.throws(() => play(flow, { ...golden, answers: [...answers, { 'send-message': {} }] }), {
    message: /nobody asked for/
  })
  t.throws(() => play(flow, { ...golden, answers: answers.slice(1) }), {
    message: /asks for fetch-conversation, the script answers list-participants/
  })
  t.throws(() => play(flow, { ...golden, answers: answers.slice(0, 2) }), {
    message: /No answer is scripted/
  })
})

function load(name: string): Flow {
  const parsed = parseFlow(readFileSync(join(folder, name), 'utf8'), widgets)
  if (!parsed.ok) throw new Error(`${name}: ${JSON.stringify(parsed.faults, null, 2)}`)
  deepFreeze(parsed.flow.definition)
  return parsed.flow
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
}

function write(name: string, golden: GoldenCase): void {
  const file = join(folder, name)
  writeFileSync(file, JSON.stringify(golden))
  execFileSync('node_modules/.bin/biome', ['format', '--write', file], { stdio: 'ignore' })
}
