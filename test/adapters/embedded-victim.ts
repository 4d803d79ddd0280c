// A process that writes until it is killed or the disk is full: it tells what the store has promised, line by
// line, and in the end why it stopped.
import { openEmbeddedStore } from '../../src/adapters/embedded/store.ts'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import { held, message, start, stepOf, turnOf } from './contract/samples.ts'

const [, , dir = ''] = process.argv
const store = await openEmbeddedStore({ dir })

async function work(): Promise<void> {
  const claim = await held(store)
  const { sid } = claim.execution
  const execution = { ...claim.execution, stepCount: 1 }
  const steps = [stepOf(execution, 1)]
  await store.executions.commit(claim, turnOf(claim, { execution, steps }))
  await store.executions.deliver(sid, message('IM1'), { now: start, claim: true })
  process.stdout.write(`${sid}\n`)
}

try {
  for (;;) await Promise.all(Array.from({ length: 16 }, work))
} catch (error) {
  if (!(error instanceof StoreUnavailable)) throw error
  process.stderr.write(error.message)
  await store.ping()
  await store.close()
  process.stderr.write(' and it went on to its end')
}
