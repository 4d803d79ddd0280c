// `npm run mutations` takes long and is run seldom; what it would break must still be there by then.
import { readFileSync } from 'node:fs'
import t from 'tap'
import { mutations } from '../scripts/mutation-list.ts'

for (const { promise, what, file, find, tests } of mutations)
  t.test(`there is something to break for ${promise}: ${what}`, async t => {
    t.equal(readFileSync(file, 'utf8').split(find).length, 2, `${file} has it exactly once`)
    for (const test of tests) t.ok(readFileSync(test, 'utf8'), `${test} is there`)
  })
