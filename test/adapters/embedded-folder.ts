import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { openEmbeddedStore } from '../../src/adapters/embedded/store.ts'
import type { Store } from '../../src/runtime/ports.ts'
import { leaseMs } from './contract/samples.ts'

/** An empty folder with a short path, as most are. */
export function folder(t: Test): string {
  const dir = mkdtempSync(join(tmpdir(), 'embedded-'))
  t.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export async function opened(t: Test, dir: string): Promise<Store> {
  const store = await openEmbeddedStore({ dir, leaseMs })
  t.teardown(() => store.close())
  return store
}

/** A process that writes until it is killed, or until no file of it may grow beyond `fileLimit` blocks. */
export function startVictim(t: Test, dir: string, { fileLimit = 'unlimited' } = {}) {
  const script = fileURLToPath(new URL('./embedded-victim.ts', import.meta.url))
  // Without the loaders that the test runner adds to what is spawned: they die of the signal that the limit sends.
  const limited = `unset NODE_OPTIONS; ulimit -f ${fileLimit}; exec "$0" "$@"`
  const child = spawn('sh', ['-c', limited, process.execPath, '--import', 'tsx', script, dir], {
    stdio: 'pipe'
  })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** The executions that it has told of, and so was promised, when it ends; it is killed after so many. */
export async function promisedBy(
  child: ReturnType<typeof startVictim>,
  count = Number.POSITIVE_INFINITY
): Promise<string[]> {
  const sids: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may have been cut.
    if (line.length === 34) sids.push(line)
    if (sids.length === count) child.kill('SIGKILL')
  }
  return sids
}
