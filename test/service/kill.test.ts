import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import t from 'tap'
import { askAndThank, customer, eventually, flowOf } from '../support/build-service.ts'
import { buildOnce, freePort, setScene, startProcess, temporaryFolder } from './process.ts'

const patienceMs = 20_000

// Processes that start and end again and again, perhaps beside other tests, and a build before them.
t.setTimeout(180_000)
buildOnce()

t.test('executions that wait survive kill -9, and so does what was said meanwhile', async t => {
  const scene = await setScene(t)
  const { world, bodies, publish, trigger, leftBehindNothing, client } = scene
  const first = await scene.start()
  const flow = await publish(askAndThank(true))
  const parked = await Promise.all(
    ['+15550000001', '+15550000002', '+15550000003'].map(to => trigger(flow, to))
  )
  const [missed, heard, silent] = parked
  if (!missed || !heard || !silent) throw new Error('Three were triggered')
  for (const { conversation } of parked) await eventually(() => bodies(conversation).length === 1)
  const { executions } = client.studio.v2.flows(flow)
  // The webhook of the answer below must not come before the wait is saved.
  for (const { sid } of parked)
    await eventually(async () => (await executions(sid).steps.list()).length === 2)
  await first.kill('SIGKILL')
  world.say(missed.conversation, { body: 'Is anybody there?' })
  await scene.simulatorIdle()

  await scene.start()
  world.say(heard.conversation, { body: 'Fine' })
  await leftBehindNothing(heard.conversation)
  await leftBehindNothing(missed.conversation)
  t.same(bodies(heard.conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])
  t.same(bodies(missed.conversation), [
    'How are you, Ada?',
    'Is anybody there?',
    '"Is anybody there?" is noted.'
  ])
  t.match(world.conversation(silent.conversation), { state: 'active', webhooks: [{}] })
  await executions(silent.sid).update({ status: 'ended' })
  await leftBehindNothing(silent.conversation)
  t.same(bodies(silent.conversation), ['How are you, Ada?'])
})

t.test('a wait that runs out while nobody is there times out at the next start, once', async t => {
  const scene = await setScene(t)
  const { bodies, publish, trigger, leftBehindNothing, client } = scene
  const first = await scene.start()
  const flow = await publish(
    flowOf(
      ['resume', 'resume-conversation', closing, { resumed: 'ask', failed: null }],
      [
        'ask',
        'send-and-wait-for-reply',
        { body: 'Well?', timeout: '2' },
        { incomingMessage: null, timeout: 'bye', deliveryFailure: null }
      ],
      ['bye', 'send-message', { body: 'Good bye.' }, { sent: null, failed: null }]
    )
  )
  const { conversation, sid } = await trigger(flow, customer)
  const { executions } = client.studio.v2.flows(flow)
  await eventually(async () => (await executions(sid).steps.list()).length === 2)
  await first.kill('SIGKILL')
  t.same(bodies(conversation), ['Well?'])
  const dueAt = Date.now() + 2000
  await eventually(() => Date.now() > dueAt)

  await scene.start()
  await leftBehindNothing(conversation)
  const steps = await executions(sid).steps.list()
  t.same(steps.map(({ name }) => name).reverse(), ['incomingRequest', 'resumed', 'timeout', 'sent'])
  t.same(bodies(conversation), ['Well?', 'Good bye.'])
})

t.test('a teardown that fails survives kill -9', async t => {
  const scene = await setScene(t)
  const { world, bodies, publish, trigger, leftBehindNothing, asked, client } = scene
  const first = await scene.start()
  const flow = await publish(askAndThank(true))
  const { conversation, sid } = await trigger(flow, customer)
  await eventually(() => bodies(conversation).length === 1)
  world.faults.add([{ call: 'DELETE Webhooks', status: 503, times: 1000 }])
  world.say(conversation, { body: 'Fine' })
  await eventually(() => asked('DELETE', 'Webhooks') >= 2)
  await first.kill('SIGKILL')
  t.match(world.conversation(conversation), { state: 'active', webhooks: [{}] })

  world.faults.clear()
  await scene.start()
  await leftBehindNothing(conversation)
  t.equal((await client.studio.v2.flows(flow).executions(sid).fetch()).status, 'ended')
  t.same(bodies(conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])
  t.equal(asked('POST', 'Messages'), 2)
})

t.test('a turn that kill -9 cuts short is done again, and nothing is said twice', async t => {
  const scene = await setScene(t)
  const { world, bodies, publish, trigger, leftBehindNothing, asked } = scene
  const flowWithTwo = flowOf(
    ['resume', 'resume-conversation', closing, { resumed: 'one', failed: null }],
    ['one', 'send-message', { body: 'One.' }, { sent: 'two', failed: null }],
    ['two', 'send-message', { body: 'Two.' }, { sent: null, failed: null }]
  )
  let running = await scene.start()
  const flow = await publish(flowWithTwo)

  await t.test('while Twilio has not answered yet', async t => {
    world.faults.add([
      { call: 'POST Messages' },
      { call: 'POST Messages', after: true, delay: 60_000 }
    ])
    const { conversation } = await trigger(flow, '+15550000001')
    await eventually(() => bodies(conversation).length === 2)
    await running.kill('SIGKILL')
    running = await scene.start()
    await leftBehindNothing(conversation)
    t.same(bodies(conversation), ['One.', 'Two.'])
  })

  await t.test('while Twilio slows it down', async t => {
    world.faults.add([
      { call: 'POST Messages' },
      { call: 'POST Messages', status: 429, retryAfter: 60 }
    ])
    const known = asked('POST', 'Messages')
    const { conversation } = await trigger(flow, '+15550000002')
    await eventually(() => asked('POST', 'Messages') === known + 2)
    await running.kill('SIGKILL')
    t.same(bodies(conversation), ['One.'])
    running = await scene.start()
    await leftBehindNothing(conversation)
    t.same(bodies(conversation), ['One.', 'Two.'])
  })

  await t.test('after the webhook was registered', async t => {
    world.faults.add([{ call: 'POST Webhooks', after: true, delay: 60_000 }])
    const { conversation } = await trigger(flow, '+15550000003')
    await eventually(() => world.conversation(conversation).webhooks.length === 1)
    const known = asked('POST', 'Webhooks')
    await running.kill('SIGKILL')
    running = await scene.start()
    await leftBehindNothing(conversation)
    t.same(bodies(conversation), ['One.', 'Two.'])
    t.equal(asked('POST', 'Webhooks'), known)
  })
})

t.test('SIGTERM lets the turn under way finish, and exits with 0', async t => {
  const scene = await setScene(t)
  const { world, bodies, publish, trigger, leftBehindNothing, asked, client } = scene
  const first = await scene.start()
  const flow = await publish(askAndThank(true))
  world.faults.add([{ call: 'POST Messages', after: true, delay: 1000 }])
  const { conversation, sid } = await trigger(flow, customer)
  await eventually(() => bodies(conversation).length === 1)
  t.same(await first.kill('SIGTERM'), { code: 0, signal: null })
  t.equal(asked('GET', 'Messages'), 0)

  await scene.start()
  const steps = await client.studio.v2.flows(flow).executions(sid).steps.list()
  t.equal(steps.length, 2, 'its steps were saved')
  world.say(conversation, { body: 'Fine' })
  await leftBehindNothing(conversation)
  t.same(bodies(conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])
})

t.test('SIGTERM does not wait until Twilio has time again', async t => {
  const scene = await setScene(t)
  const { world, bodies, publish, trigger, leftBehindNothing, asked, client } = scene
  const first = await scene.start()
  const flow = await publish(
    flowOf(
      ['resume', 'resume-conversation', closing, { resumed: 'one', failed: null }],
      ['one', 'send-message', { body: 'One.' }, { sent: 'two', failed: null }],
      ['two', 'send-message', { body: 'Two.' }, { sent: null, failed: null }]
    )
  )
  world.faults.add([
    { call: 'POST Messages' },
    { call: 'POST Messages', status: 429, retryAfter: 300 }
  ])
  const { conversation } = await trigger(flow, '+15550000001')
  await eventually(() => asked('POST', 'Messages') === 2)
  const behind = await trigger(flow, '+15550000002')
  const began = Date.now()
  t.same(await first.kill('SIGTERM'), { code: 0, signal: null })
  t.ok(Date.now() - began < 10_000, 'which is half of what it is given')
  t.same(bodies(conversation), ['One.'])
  t.notMatch(first.output(), /"level":50/)

  await scene.start()
  for (const each of [conversation, behind.conversation]) {
    await leftBehindNothing(each)
    t.same(bodies(each), ['One.', 'Two.'])
  }
  t.equal(asked('POST', 'Messages'), 5, 'four, and one that was refused')
  t.equal((await client.studio.v2.flows(flow).executions(behind.sid).fetch()).status, 'ended')
})

t.test('a second process with the same data refuses to start, and the first goes on', async t => {
  const scene = await setScene(t)
  await scene.start()
  const second = startProcess(t, { ...scene.settings, PORT: String(await freePort()) })
  t.match(await second.exited(), { code: 1 })
  t.match(second.output(), `${scene.settings.DATA_DIR} is in use by another process`)
  await scene.publish(askAndThank())
})

t.test('settings that cannot be used stop the start, and all of them are named', async t => {
  const running = startProcess(t, {
    PORT: 'eighty',
    PUBLIC_URL: 'reprise.example',
    TWILIO_ACCOUNT_SID: 'AC123',
    TWILIO_API_KEY: `SK${'0'.repeat(32)}`,
    LOG_LEVEL: 'loud',
    MAX_STEPS: '0',
    DATA_DIR: temporaryFolder(t)
  })
  t.match(await running.exited(), { code: 1 })
  for (const name of [
    'PORT',
    'PUBLIC_URL',
    'TWILIO_ACCOUNT_SID',
    'TWILIO_AUTH_TOKEN is missing',
    'TWILIO_API_SECRET is missing',
    'LOG_LEVEL',
    'MAX_STEPS'
  ]) {
    t.match(running.output(), new RegExp(`^  ${name}\\b`, 'm'), name)
  }
  t.notMatch(running.output(), /^ +at /m, 'and no stack')
})

t.test('a port that is taken stops the start', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await eventually(() => server.listening)
  const address = server.address()
  const taken = String(typeof address === 'object' && address?.port)
  const scene = await setScene(t)
  const running = startProcess(t, { ...scene.settings, PORT: taken })
  t.match(await running.exited(), { code: 1 })
  t.match(running.output(), /EADDRINUSE/)
})

t.test('a flow file with faults stops the start, and its faults are named', async t => {
  const folder = temporaryFolder(t)
  const broken = flowOf(['ask', 'send-message', { body: 'Hello' }, { sent: 'nowhere' }])
  writeFileSync(join(folder, 'broken.json'), JSON.stringify(broken))
  const scene = await setScene(t)
  const running = startProcess(t, { ...scene.settings, FLOWS_DIR: folder })
  t.match(await running.exited(), { code: 1 })
  t.match(running.output(), /broken\.json: The flow definition has 1 fault\n +\S+ .*nowhere/)
})

t.test('without credentials it plays Twilio itself, and what it prints works', async t => {
  const running = startProcess(t, {
    PORT: String(await freePort()),
    SIMULATOR_PORT: String(await freePort()),
    DATA_DIR: temporaryFolder(t),
    LOG_LEVEL: 'warn'
  })
  await eventually(() => /For the real thing/.test(running.output()), patienceMs)
  t.match(running.output(), /NO TWILIO CREDENTIALS/)
  const [trigger = '', say = '', read = '', ...more] = running.output().match(/^curl .*$/gm) ?? []
  t.same(more, [])

  t.match(await run(trigger), { sid: /^FN/, status: 'active' })
  const messages = async () => ((await run(read)) as { messages: object[] }).messages
  await eventually(async () => (await messages()).length === 1)
  t.match(await messages(), [
    { author: 'Reminders', body: /^Hello Ada, we expect you on Monday at 10/ }
  ])
  t.match(await run(say), { body: 'yes' })
  await eventually(async () => Object(await run(read)).state === 'closed')
  t.match(await messages(), [{}, { body: 'yes' }, { body: /^Thank you. See you on Monday at 10!/ }])
  t.match(await run(read), { webhooks: [] })
  t.same(await running.kill('SIGTERM'), { code: 0, signal: null })
})

const closing = {
  conversation_sid: '{{flow.data.conversation_sid}}',
  close_conversation_on_execution_end: true
}

/** Does what a printed curl command would, as a shell reads it, and answers the JSON. */
async function run(command: string): Promise<unknown> {
  const words = [...command.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) =>
    word.replaceAll("'", '')
  )
  const headers: Record<string, string> = {}
  const form = new URLSearchParams()
  let body: string | undefined
  let url = ''
  for (let place = 1; place < words.length; place++) {
    const value = words[place + 1] ?? ''
    const [, name = '', text = ''] = /^([^=:]+)[=:] ?(.*)$/s.exec(value) ?? []
    switch (words[place]) {
      case '-s':
        continue
      case '-u':
        headers.authorization = `Basic ${btoa(value)}`
        break
      case '-H':
        headers[name] = text
        break
      case '-d':
        body = value
        break
      case '--data-urlencode':
        form.append(name, text)
        break
      default:
        url = words[place] ?? ''
        continue
    }
    place += 1
  }
  const sent = body ?? (form.size > 0 ? form : undefined)
  const response = await fetch(
    url,
    sent === undefined ? { headers } : { method: 'POST', headers, body: sent }
  )
  const answer = await response.text()
  if (!response.ok) throw new Error(`${command} answered ${response.status}: ${answer}`)
  return JSON.parse(answer)
}
