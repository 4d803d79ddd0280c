// What the command line understands, and what it says of files alone; no service runs.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { entries } from '../../src/cli/entries.ts'
import { commandHelp } from '../../src/cli/help.ts'
import { askAndThank, flowOf } from '../support/build-service.ts'
import { type Ended, reprise, repriseHere } from './command-line.ts'

t.setTimeout(180_000)

t.test('it says what there is', async t => {
  const bare = await reprise([])
  const help = await repriseHere(t, ['--help'])
  const group = await repriseHere(t, ['executions', '-h'])
  for (const { name, summary } of entries) {
    for (const each of [bare, help]) t.match(each, { code: 0, out: `  ${name}` })
    t.match(bare.out, summary)
  }
  t.match(group, { code: 0, out: 'executions end' })
  t.notMatch(group.out, 'publish')
})

t.test('every command has help that helps, and examples of itself', async t => {
  for (const { name, load } of entries) {
    const command = await load()
    t.ok(command.usage === name || command.usage.startsWith(`${name} `), command.usage)
    t.ok(command.about.length > 30 && command.examples.length > 0, name)
    for (const [line] of command.examples) t.match(line, `reprise ${name}`)
    for (const option of Object.keys(command.options)) t.match(commandHelp(command), `--${option}`)
  }
  const asked = await repriseHere(t, ['executions', 'end', '--help'])
  const other = await repriseHere(t, ['help', 'executions', 'end'])
  t.match(asked, { code: 0, out: /^Usage: reprise executions end FN…\n/, err: '' })
  t.equal(asked.out, other.out)
})

t.test('what it does not understand it answers with what there is, and 2', async t => {
  const table: [string[], RegExp][] = [
    [['sing'], /There is no command sing\n[\s\S]*validate/],
    [['executions'], /reprise executions needs another word\n[\s\S]*diagnose/],
    [['executions', 'sing'], /There is no command executions sing\n[\s\S]*diagnose/],
    [['validate'], /^FILE is missing\nreprise validate --help/],
    [['validate', '--loud', 'x.json'], /Unknown option '--loud'. There is --json, --help/],
    [['serve', 'now'], /What is now\?/],
    [['publish', 'x.json'], /--sid is missing/],
    [['publish', 'x.json', '--sid', 'FW1'], /FW and 32 hex digits/],
    [['executions', 'list', '--limit', 'all'], /--limit is a number/],
    [['executions', 'show', 'FN1', '--user', 'me'], /USER:SECRET/],
    [['simulate', '--port', 'x'], /--port/]
  ]
  const refused = (answer: Ended, args: readonly string[], err: RegExp) =>
    t.match(answer, { code: 2, out: '', err }, args.join(' '))
  for (const [args, pattern] of table) refused(await repriseHere(t, args), args, pattern)
  const show = ['executions', 'show', 'FN1']
  const who = /Who are you\?.*--user.*REPRISE_API_KEY.*TWILIO_ACCOUNT_SID/
  refused(await reprise(show), show, who)
})

t.test('validate tells every fault of every file, and warnings', async t => {
  const folder = temporaryFolder(t)
  const write = (file: string, definition: unknown) => {
    const path = join(folder, file)
    writeFileSync(path, typeof definition === 'string' ? definition : JSON.stringify(definition))
    return path
  }
  const inner = `FW${'a'.repeat(32)}`
  const call = (sid: string) => ({ flow_sid: sid, flow_revision: 'LatestPublished' })
  const fine = write('fine.json', askAndThank())
  const broken = write('broken.json', '{')
  const faulty = write('faulty.json', {
    ...askAndThank(),
    initial_state: 'Nowhere',
    states: [{ name: 'one', type: 'sing', transitions: [] }]
  })
  const nested = write(
    `nested.${inner}.json`,
    flowOf(['deeper', 'run-subflow', call(`FW${'b'.repeat(32)}`), { completed: null }])
  )
  const outer = write(
    'outer.json',
    flowOf(
      ['call', 'run-subflow', call(inner), { completed: 'speak' }],
      ['speak', 'say-play', {}, { audioComplete: null }]
    )
  )
  const check = (...words: string[]) => repriseHere(t, ['validate', ...words])
  const good = await check(fine)
  const all = await check(fine, broken, faulty, nested, outer)
  const machine = await check('--json', fine, faulty, nested, outer)
  const missing = await check(join(folder, 'missing.json'))
  t.match(good, { code: 0, out: `${fine}: valid\n`, err: '' })
  t.equal(all.code, 1)
  for (const line of [
    `${fine}: valid`,
    `${broken}: 1 fault`,
    'is not JSON',
    `${faulty}: 2 faults`,
    '#/initial_state',
    '#/states/0/type',
    `${nested}: valid`,
    `${outer}: valid, 2 warnings`,
    'warning: #/states/1/properties/flow_sid',
    'warning: #/states/2/type speak is a say-play widget'
  ])
    t.match(all.out, line)
  t.equal(machine.code, 1)
  t.match(JSON.parse(machine.out), [
    { file: fine, valid: true, errors: [], warnings: [] },
    { file: faulty, valid: false, errors: [{ propertyPath: '#/initial_state' }, {}] },
    { file: nested, valid: true },
    { file: outer, valid: true, warnings: [{}, {}] }
  ])
  t.match(missing, { code: 1, err: /missing.json cannot be read/ })
})

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-cli-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
