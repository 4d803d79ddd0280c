// The main job, played through on this machine: a program triggers a flow with the official Twilio SDK, the
// flow resumes a Conversation that exists, asks, receives the answer, branches, replies, ends, and leaves
// nothing behind. Everything printed is read back from the service and the simulator afterwards.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import twilio from 'twilio'

const customer = '+15550100042'
const business = '+15550199999'
const dataDir = mkdtempSync(join(tmpdir(), 'reprise-demo-'))

/** A free port where the usual one is taken. */
async function freePort(wanted) {
  const server = createServer()
  const taken = await new Promise(resolve => {
    server.once('error', () => resolve(true))
    server.listen(wanted, '127.0.0.1', () => resolve(false))
  })
  if (taken) return freePort(0)
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

const port = await freePort(3000)
const simulatorPort = await freePort(3001)
const api = `http://127.0.0.1:${port}`
const simulator = `http://127.0.0.1:${simulatorPort}`

const service = spawn(process.execPath, [join(import.meta.dirname, '..', 'dist', 'main.js')], {
  env: {
    PATH: process.env.PATH,
    PORT: port,
    SIMULATOR_PORT: simulatorPort,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn'
  },
  stdio: ['ignore', 'inherit', 'pipe']
})
let introduction = ''
service.stderr.setEncoding('utf8').on('data', text => {
  introduction += text
})

function stop(code) {
  service.kill()
  rmSync(dataDir, { recursive: true, force: true })
  process.exit(code)
}

/** Asks until the answer is there; says what it waited for when it never comes. */
async function eventually(what, ask) {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await ask().catch(() => null)
    if (answer) return answer
    if (service.exitCode !== null) break
    await sleep(50)
  }
  throw new Error(`This never happened: ${what}\n${introduction}`)
}

async function call(url, body) {
  const init = body && {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body)
  }
  const response = await fetch(url, init)
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`)
  return response.json()
}

function check(what, holds) {
  console.log(`  ${holds ? '✓' : '✗'} ${what}`)
  if (!holds) throw new Error(`Not as it should be: ${what}`)
}

async function play() {
  const started = performance.now()
  await eventually('the service is ready', async () => (await fetch(`${api}/readyz`)).ok)
  const [, accountSid, authToken] = await eventually(
    'the made-up credentials are printed',
    async () => /Account SID\s+(AC\w+)[\s\S]*Auth token\s+(\w+)/.exec(introduction)
  )
  console.log(
    `\nReprise is up after ${Math.round(performance.now() - started)} ms: ${api}, Twilio played by ${simulator}`
  )

  // What a program of yours does; only these two lines tell it where Studio and Conversations are.
  const client = twilio(accountSid, authToken)
  client.studio.baseUrl = api
  client.conversations.baseUrl = simulator

  const conversations = client.conversations.v1.conversations
  const { sid } = await conversations.create({ friendlyName: 'Ada Lovelace' })
  await conversations(sid).participants.create({
    'messagingBinding.address': customer,
    'messagingBinding.proxyAddress': business
  })
  const [flow] = await client.studio.v2.flows.list()
  const { executions } = client.studio.v2.flows(flow.sid)
  const execution = await executions.create({
    to: customer,
    from: business,
    parameters: { conversation_sid: sid, name: 'Ada', appointment: 'Monday at 10' }
  })
  console.log(
    `Flow "${flow.friendlyName}" started: execution ${execution.sid} resumes Conversation ${sid}\n`
  )

  const view = () => call(`${simulator}/simulator/conversations/${sid}`)
  const asked = count =>
    eventually(`question ${count} is asked`, async () => {
      const now = await view()
      return now.messages.filter(({ author }) => author !== customer).length === count && now
    })
  const say = body => call(`${simulator}/simulator/conversations/${sid}/say`, { body })

  const during = await asked(1)
  await say('Who is this?')
  await asked(2)
  await say('  YES ')
  const after = await eventually('the Conversation is closed', async () => {
    const now = await view()
    return now.state === 'closed' && now
  })
  return { client, executions, execution, sid, during, after }
}

async function show({ executions, execution, during, after }) {
  console.log('Conversation')
  for (const { author, body } of after.messages) {
    console.log(
      `  ${author === customer ? 'Ada' : author.padEnd(3)}: ${body}`.replace(
        /^ {2}Ada:/,
        '  Ada (customer):'
      )
    )
  }
  const steps = (await executions(execution.sid).steps.list()).reverse()
  console.log('\nSteps')
  for (const step of steps) {
    console.log(
      `  ${step.transitionedFrom.padEnd(15)} ${`(${step.type})`.padEnd(26)} ${step.name.padEnd(17)} → ${step.transitionedTo}`
    )
  }
  const ended = await executions(execution.sid).fetch()
  const { context } = await executions(execution.sid).executionContext().fetch()
  console.log('\nChecked')
  check(
    'the webhook was registered while the flow waited',
    during.webhooks.length === 1 && during.webhooks[0].url.endsWith(execution.sid)
  )
  check('the answer took the branch of "yes"', context.flow.variables.confirmed === 'true')
  check('the execution has ended', ended.status === 'ended')
  check('the webhook is gone', after.webhooks.length === 0)
  check('the Conversation is closed', after.state === 'closed')
}

try {
  const played = await play()
  await show(played)
  console.log('')
  if (!process.stdout.isTTY) stop(0)
  console.log('The service stays up. Try it yourself (Ctrl-C stops it):')
  console.log(introduction)
  process.once('SIGINT', () => stop(0))
} catch (error) {
  console.error(`\nThe demo failed. ${error.message}`)
  stop(1)
}
