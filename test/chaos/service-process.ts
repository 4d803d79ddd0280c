import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../service/process.ts'
import type { Scope } from './scope.ts'

/** One process of the service, which can be killed and started again under the same port. */
export interface ServiceProcess {
  readonly name: string
  readonly port: number
  pid(): number | null
  /** It has come up since it was last killed. */
  isUp(): boolean
  /** Resolves when it is ready; one that exits on its way there is started again, as a supervisor would. */
  start(): Promise<void>
  kill(): Promise<void>
}

interface Options {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
  /** What it prints goes into `<name>.log` there. */
  readonly folder: string
  /** For node, before the name of the script. */
  readonly words: readonly string[]
}

const root = join(import.meta.dirname, '../..')

export async function makeProcess(
  scope: Scope,
  { name, settings, folder, words }: Options
): Promise<ServiceProcess> {
  const port = await freePort()
  let child: ChildProcess | null = null
  let wanted = false
  let up = false
  const running = () => child !== null && child.exitCode === null && child.signalCode === null

  const made: ServiceProcess = {
    name,
    port,
    pid: () => (running() ? (child?.pid ?? null) : null),
    isUp: () => up && running(),
    async start() {
      wanted = true
      while (wanted && !(running() && (await isReady(port)))) {
        if (!running()) launch()
        await sleep(50)
      }
      up = wanted
    },
    async kill() {
      wanted = false
      up = false
      if (!child || !running()) return
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
  }
  scope.teardown(() => made.kill())
  // Also where the run does not come to its end.
  process.once('exit', () => child?.kill('SIGKILL'))
  return made

  function launch() {
    const log = openSync(join(folder, `${name}.log`), 'a')
    // A test runner puts its loaders into NODE_OPTIONS of every process; `env` takes them out, and becomes node.
    const command = ['-u', 'NODE_OPTIONS', process.execPath, ...words, 'dist/main.js']
    const env = { PATH: process.env.PATH, ...settings, PORT: String(port) }
    child = spawn('env', command, { cwd: root, env, stdio: ['ignore', log, log] })
    closeSync(log)
  }
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false
  )
