// Golden conversations. `<flow>.<case>.json` next to `<flow>.json` says what happens and what must come of it;
// run with UPDATE=1 to write what came of it instead, and review the difference like code.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Flows } from '../../src/engine/journey.ts'
import { type GoldenCase, play } from '../support/golden.ts'
import { flowsFor, loadFlows } from '../support/golden-flows.ts'
import { deepFreeze } from '../support/pure-env.ts'

const folder = import.meta.dirname
const update = process.env.UPDATE === '1'
const flows = loadFlows(folder)
const cases = readdirSync(folder).filter(
  name => name.endsWith('.json') && name.split('.').length > 2
)

for (const { name: flow, sid } of flows.values()) {
  t.test(flow, async t => {
    const own = cases.filter(name => name.startsWith(`${flow}.`))
    t.ok(own.length > 0 || sid !== null, 'has conversations, or is there to be called')
    for (const name of own) {
      const golden = deepFreeze(read<GoldenCase>(name))
      t.test(`${name}: ${golden.about}`, async t => {
        const came = play(flowsOf(flow), golden)
        if (update) write(name, { ...golden, expected: came })
        else t.strictSame(came, golden.expected)
      })
    }
  })
}

t.test('every conversation belongs to a flow', async t => {
  const orphans = cases.filter(name => !flows.has(name.split('.')[0] ?? ''))
  t.strictSame(orphans, [])
})

t.test('every flow that is there to be called is called', async t => {
  const called = new Set<unknown>()
  for (const flow of flows.values()) {
    for (const { properties } of flow.widgets.values()) called.add(properties?.flow_sid)
  }
  for (const { name, sid } of flows.values()) t.ok(sid === null || called.has(sid), name)
})

t.test('a script that does not fit is told apart from one that does', async t => {
  const flow = flowsOf('delivery-rating')
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

function flowsOf(name: string): Flows {
  const flow = flows.get(name)
  if (!flow) throw new Error(`There is no flow ${name}`)
  return flowsFor(flow, flows.values())
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(join(folder, name), 'utf8')) as T
}

function write(name: string, golden: GoldenCase): void {
  const file = join(folder, name)
  writeFileSync(file, JSON.stringify(golden))
  execFileSync('node_modules/.bin/biome', ['format', '--write', file], { stdio: 'ignore' })
}
