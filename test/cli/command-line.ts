// The command line as a process of its own, and, where only its words matter, without one.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import type { Test } from 'tap'
import { run } from '../../src/cli/run.ts'

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const root = join(import.meta.dirname, '../..')

/** Runs `reprise …` with these variables alone, and waits for its end. */
export function reprise(
  args: readonly string[],
  variables: Record<string, string> = {}
): Promise<Ended> {
  return new Promise(resolve => {
    const given = ['--import', 'tsx', join(root, 'src/cli.ts'), ...args]
    // Without NODE_OPTIONS, into which tap puts its loaders.
    const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...variables }
    execFile(
      'env',
      ['-u', 'NODE_OPTIONS', process.execPath, ...given],
      { cwd: root, env },
      (error, out, err) =>
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err })
    )
  })
}

/** The same in this process, which is faster; one after the other. */
export async function repriseHere(t: Test, args: readonly string[]): Promise<Ended> {
  const [out, err] = [t.capture(console, 'log'), t.capture(console, 'error')]
  const code = await run(args)
  const printed = (captured: typeof out) =>
    captured()
      .map(({ args: [line] }) => `${line}\n`)
      .join('')
  const ended = { code, out: printed(out), err: printed(err) }
  out.restore()
  err.restore()
  return ended
}
