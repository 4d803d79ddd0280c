// The command line against a service that runs beside a simulator.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  accountSid,
  askAndThank,
  authToken,
  buildService,
  eventually
} from '../support/build-service.ts'
import { reprise } from './command-line.ts'

t.setTimeout(180_000)

const flowSid = `FW${'c'.repeat(32)}`

t.test(
  'a flow is published, and its executions are listed, shown, diagnosed and ended',
  async t => {
    const service = await setScene(t)
    const { ask, file } = service
    const path = file('reminder.json', askAndThank(true))

    t.match(await ask('publish', path, '--sid', flowSid), {
      code: 0,
      out: `reminder (${flowSid}): revision 1 is published\n`
    })
    const second = await ask('publish', path, '--sid', flowSid, '--message', 'Again', '--json')
    t.match(JSON.parse(second.out), {
      revision: 2,
      friendly_name: 'reminder',
      commit_message: 'Again',
      definition: askAndThank(true)
    })
    const faulty = file('faulty.json', { ...askAndThank(), initial_state: 'Nowhere' })
    t.match(await ask('publish', faulty, '--sid', flowSid), { code: 1, err: /#\/initial_state/ })
    t.match(await ask('publish', faulty, '--sid', flowSid, '--draft'), {
      code: 0,
      out: /revision 3 is saved as a draft\n {2}fault: #\/initial_state/
    })

    const { sid, conversation } = await service.parked(flowSid)
    const other = await service.parked(await service.publish(askAndThank()))
    const [all, some, none, shown, diagnosed, unknown] = await Promise.all([
      ask('executions', 'list'),
      ask('executions', 'list', '--flow', flowSid, '--status', 'active', '--json'),
      ask('executions', 'list', '--conversation', 'CHnone'),
      ask('executions', 'show', sid, '--context'),
      ask('executions', 'diagnose', sid, '--flow', flowSid),
      ask('executions', 'show', `FN${'0'.repeat(32)}`)
    ])
    for (const text of ['EXECUTION', sid, other.sid, flowSid, 'active']) t.match(all.out, text)
    t.match(JSON.parse(some.out), [{ sid, status: 'active' }])
    t.equal(JSON.parse(some.out).length, 1)
    t.match(none, { code: 0, out: 'There are no such executions\n' })
    t.match(
      shown.out,
      new RegExp(`execution +${sid}[\\s\\S]*Trigger +incomingRequest +resume[\\s\\S]*"trigger"`)
    )
    t.match(diagnosed.out, /^It is waiting for a reply in ask\.\n/)
    t.match(diagnosed.out, new RegExp(`conversation +${conversation}`))
    t.match(diagnosed.out, 'Nothing went wrong')
    t.match(unknown, { code: 1, err: /There is no execution/ })

    t.match(await ask('executions', 'end', sid, other.sid), {
      code: 0,
      out: `${sid} has ended\n${other.sid} has ended\n`
    })
    await service.idle()
    t.match(service.world.conversation(conversation), { state: 'closed', webhooks: [] })
    const [again, ended] = await Promise.all([
      ask('executions', 'end', sid),
      ask('executions', 'diagnose', sid, '--json')
    ])
    t.match(again, { code: 1, err: /has ended already/ })
    t.match(JSON.parse(ended.out), { status: 'ended', end_reason: 'api', teardown: null })
  }
)

t.test('executions are reconciled, in earnest and for show', async t => {
  const service = await setScene(t)
  const { ask, world } = service
  const flow = await service.publish(askAndThank())
  const { sid, conversation } = await service.parked(flow)
  await service.parked(flow)
  const { webhooks } = service.client.conversations.v1.conversations(conversation)
  for (const { sid: hook } of await webhooks.list()) await webhooks(hook).remove()

  const dry = await ask('executions', 'reconcile', '--dry-run')
  t.match(dry, { code: 1, out: /^2 looked at, 1 not in order\n/ })
  t.match(dry.out, new RegExp(`${sid} +${conversation} +missing +reported`))
  t.equal(world.conversation(conversation).webhooks.length, 0)
  t.match(await ask('executions', 'reconcile', '--execution', sid), {
    code: 0,
    out: /^1 looked at, 1 not in order\n[\s\S]*missing +registered/
  })
  t.equal(world.conversation(conversation).webhooks.length, 1)
  const after = await ask('executions', 'reconcile', '--all', '--flow', flow, '--json')
  t.equal(after.code, 0)
  t.match(JSON.parse(after.out), { status: 'completed', scope: 'all', examined: 2, findings: [] })
})

t.test('it says what is wrong where it does not get in', async t => {
  const { url, environment } = await setScene(t, { API_KEYS: 'SKcli:the-secret' })
  const list = ['executions', 'list']
  const [asKey, byFlag, refused, nobody, noService] = await Promise.all([
    reprise(list, { REPRISE_URL: url, REPRISE_API_KEY: 'SKcli', REPRISE_API_SECRET: 'the-secret' }),
    reprise([...list, '--url', `${url}/`, '--user', 'SKcli:the-secret']),
    reprise([...list, '--user', 'SKcli:wrong'], environment),
    reprise([...list, '--url', 'http://127.0.0.1:9'], environment),
    reprise([...list, '--url', 'nowhere'], environment)
  ])
  for (const fine of [asKey, byFlag])
    t.match(fine, { code: 0, out: 'There are no such executions\n' })
  t.match(refused, { code: 1, err: /^Authenticate with the account SID/ })
  t.match(nobody, { code: 1, err: /^Nothing answers at http:\/\/127.0.0.1:9 .*REPRISE_URL/ })
  t.match(noService, { code: 2, err: /is no URL/ })
})

t.test('simulate and serve run until they are told to stop', async t => {
  const folder = temporaryFolder(t)
  const { output, stop } = start(t, ['simulate', '--port', '0'], {})
  const origin = await eventually(() => /Twilio at (http:\S+)/.exec(output())?.[1], 20_000)
  t.equal((await fetch(`${origin}/simulator/log`)).status, 200)
  t.match(output(), /TWILIO_AUTH_TOKEN=[0-9a-f]{32} /)
  t.equal(await stop(), 0)

  const bad = await reprise(['serve'], { PORT: 'none', DATA_DIR: folder })
  t.match(bad, { code: 1, err: /PORT/ })
})

async function setScene(t: Test, more: Record<string, string> = {}) {
  const service = await buildService(t, { environment: more })
  const folder = temporaryFolder(t)
  const environment = {
    REPRISE_URL: service.url,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken
  }
  let people = 0
  return {
    ...service,
    environment,
    ask: (...args: string[]) => reprise(args, environment),

    file(name: string, definition: object) {
      const path = join(folder, name)
      writeFileSync(path, JSON.stringify(definition))
      return path
    },

    /** An execution that waits for a reply. */
    async parked(flow: string) {
      const conversation = service.openConversation()
      const to = `+1555400${String(++people).padStart(4, '0')}`
      const { sid } = await service.trigger(
        flow,
        { conversation_sid: conversation, name: 'Ada' },
        to
      )
      await service.idle()
      return { sid, conversation }
    }
  }
}

/** A command that does not end by itself. */
function start(t: Test, args: readonly string[], variables: Record<string, string>) {
  const env = { PATH: process.env.PATH ?? '', ...variables }
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exit
  })
  return {
    output: () => output,
    stop() {
      child.kill('SIGTERM')
      return exit
    }
  }
}

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-cli-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
