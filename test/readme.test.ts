import { readFileSync } from 'node:fs'
import t from 'tap'
import { currentReadme, readmePath } from '../scripts/readme.ts'
import { widgets } from '../src/widgets/index.ts'

const readme = readFileSync(readmePath, 'utf8')

t.test('the README lists every setting as the code has it (npm run readme)', async t => {
  t.equal(currentReadme(readme), readme)
})

t.test('the README names every widget that runs', async t => {
  const unsupported = readFileSync(
    new URL('../src/widgets/unsupported.ts', import.meta.url),
    'utf8'
  )
  const runs = Object.keys(widgets).filter(
    type => !unsupported.includes(`'${type}'`) && type !== 'understand'
  )
  t.ok(runs.length > 5)
  for (const type of runs) t.match(readme, `| \`${type}\` |`)
})
