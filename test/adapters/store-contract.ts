import type { Test } from 'tap'
import { claiming } from './contract/claiming.ts'
import { committing } from './contract/committing.ts'
import { creating } from './contract/creating.ts'
import { delivering } from './contract/delivering.ts'
import { flows } from './contract/flows.ts'
import { forgetting } from './contract/forgetting.ts'
import { goingOn } from './contract/going-on.ts'
import { listing } from './contract/listing.ts'
import { notes } from './contract/notes.ts'
import type { MakeStore } from './contract/samples.ts'
import { saving } from './contract/saving.ts'
import { sequences } from './contract/sequences.ts'

/** What every store promises, races included; each adapter runs it on stores of its own. */
export function storeContract(t: Test, name: string, makeStore: MakeStore): void {
  t.test(`${name}: creating`, t => creating(t, makeStore))
  t.test(`${name}: going on instead of creating`, t => goingOn(t, makeStore))
  t.test(`${name}: delivering`, t => delivering(t, makeStore))
  t.test(`${name}: claiming`, t => claiming(t, makeStore))
  t.test(`${name}: committing`, t => committing(t, makeStore))
  t.test(`${name}: saving again and again`, t => saving(t, makeStore))
  t.test(`${name}: forgetting`, t => forgetting(t, makeStore))
  t.test(`${name}: listing`, t => listing(t, makeStore))
  t.test(`${name}: flows`, t => flows(t, makeStore))
  t.test(`${name}: notes`, t => notes(t, makeStore))
  t.test(`${name}: any sequence of calls`, t => sequences(t, makeStore))
}
