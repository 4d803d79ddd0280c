// The built service as a process of its own, and a Twilio in this one.

import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import twilio from 'twilio'
import { buildSimulator } from '../../src/simulator/app.ts'
import { accountSid, authToken, eventually } from '../support/build-service.ts'

const root = join(import.meta.dirname, '../..')
const patienceMs = 20_000
/** Tap puts its loaders into the NODE_OPTIONS of every process; `env` takes them out, and becomes what it runs. */
const plain = ['-u', 'NODE_OPTIONS']

/** Compiles the service where its sources are newer than the last build. */
export function buildOnce(): void {
  const changed = (path: string) => (existsSync(path) ? statSync(path).mtimeMs : 0)
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  const newest = Math.max(...sources.map(file => changed(join(root, 'src', file))))
  if (changed(join(root, 'dist/main.js')) < newest)
    execFileSync('env', [...plain, 'npm', 'run', '--silent', 'build'], {
      cwd: root,
      stdio: ['ignore', 2, 2]
    })
}

export type Settings = Readonly<Record<string, string>>

/** Starts `node dist/main.js` with these settings alone. */
export function startProcess(t: Test, settings: Settings) {
  const child = spawn('env', [...plain, process.execPath, 'dist/main.js'], {
    cwd: root,
    env: { PATH: process.env.PATH, ...settings },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  const exit = once(child, 'exit').then(([code, signal]) => ({ code, signal }))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })

  return {
    /** All that it printed so far. */
    output: () => output,
    async exited() {
      await eventually(() => child.exitCode !== null || child.signalCode !== null, patienceMs)
      return exit
    },
    kill(signal: NodeJS.Signals) {
      child.kill(signal)
      return this.exited()
    },
    /** Sends a signal that it is to survive. */
    signal: (signal: NodeJS.Signals) => child.kill(signal),
    /** Resolves when it answers. */
    async ready() {
      const health = `http://127.0.0.1:${settings.PORT}/readyz`
      await eventually(async () => {
        if (child.exitCode !== null) throw new Error(`It exited:\n${output}`)
        return fetch(health).then(
          ({ ok }) => ok,
          () => false
        )
      }, patienceMs)
    }
  }
}

export type Running = ReturnType<typeof startProcess>

/** A Twilio, and a service that can be killed and started again with the same data. */
export async function setScene(t: Test) {
  const { app, world, idle } = buildSimulator({ accountSid, authToken })
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => app.close())
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const settings: Settings = {
    PORT: String(port),
    HOST: '127.0.0.1',
    PUBLIC_URL: url,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_API_BASE_URL: origin,
    DATA_DIR: temporaryFolder(t),
    LOG_LEVEL: 'warn'
  }
  const client = twilio(accountSid, authToken)
  client.studio.baseUrl = url

  return {
    settings,
    world,
    client,
    simulatorIdle: idle,

    async start(): Promise<Running> {
      const running = startProcess(t, settings)
      await running.ready()
      return running
    },

    async publish(definition: object): Promise<string> {
      const change = { friendlyName: 'A flow', status: 'published' as const, definition }
      return (await client.studio.v2.flows.create(change)).sid
    },

    /** Triggers an execution for a new Conversation of the customer with that number. */
    async trigger(flow: string, to: string) {
      const conversation = world.openConversation({
        participants: [{ address: to, proxyAddress: '+15550002222' }]
      }).sid
      const { sid } = await client.studio.v2.flows(flow).executions.create({
        to,
        from: '+15550002222',
        parameters: { conversation_sid: conversation, name: 'Ada' }
      })
      return { conversation, sid }
    },

    bodies: (conversation: string) =>
      world.conversation(conversation).messages.map(({ body }) => body),

    /** How often Twilio was asked this, whatever it answered. */
    asked: (method: string, resource: string): number =>
      world.log
        .after(0)
        .filter(
          entry =>
            entry.type === 'call' &&
            entry.method === method &&
            new RegExp(`/${resource}(/WH\\w+)?(\\?|$)`).test(entry.path)
        ).length,

    /** Looks until this Conversation has been left as it should be at the end. */
    leftBehindNothing: (conversation: string) =>
      eventually(() => {
        const { state, webhooks } = world.conversation(conversation)
        return state === 'closed' && webhooks.length === 0
      }, patienceMs)
  }
}

export function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
