// Reconciliations of many executions: one at a time for all processes, after a start, and after a crash.

import t from 'tap'
import { type Execution, newExecution } from '../../src/engine/execution.ts'
import { makeReconciler, type Reconciler } from '../../src/runtime/reconciler.ts'
import { everyActive, type Reconciliation } from '../../src/runtime/reconciliation.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { askAndThank } from '../support/build-service.ts'
import { type Stage, setStage } from './stage.ts'

const hourMs = 60 * 60 * 1000
const lookEveryMs = 30_000

t.test('after a start one of several processes looks at all active executions, once', async t => {
  const stage = await setStage(t)
  const { world } = stage
  const lost = await parked(stage)
  await parked(stage)
  const { webhooks } = stage.client.conversations.v1.conversations(lost.conversation)
  for (const { sid } of await webhooks.list()) await webhooks(sid).remove()

  const processes = [1, 2, 3].map(() => process(stage))
  const known = world.log.last
  for (const each of processes) each.start()
  stage.clock.pass(lookEveryMs)
  t.match(await over(stage), { examined: 2, scope: 'active', done: { registered: 1 } })
  t.equal(stage.calls(known).filter(call => call === 'GET Webhooks').length, 3, 'one looked twice')
  t.equal(world.conversation(lost.conversation).webhooks.length, 1)
  const first = await latest(stage)
  for (const _ of [1, 2, 3]) {
    stage.clock.pass(lookEveryMs)
    await over(stage)
  }
  t.equal((await latest(stage))?.sid, first?.sid)
  await stopAll(processes)
})

t.test('what was looked at recently is not looked at again after another start', async t => {
  const stage = await setStage(t)
  await parked(stage)
  const begun = async (options: { publicUrl?: string; atStart?: boolean } = {}) => {
    const each = process(stage, options)
    each.start()
    const before = await latest(stage)
    stage.clock.pass(lookEveryMs)
    await over(stage)
    await each.stop()
    return (await latest(stage))?.sid !== before?.sid
  }
  t.equal(await begun({ atStart: false }), false, 'nor where that is switched off')
  t.equal(await begun(), true)
  t.equal(await begun(), false)
  t.equal(
    await begun({ publicUrl: 'https://new.example' }),
    true,
    'but where webhooks lead has changed'
  )
  t.equal(await begun({ publicUrl: 'https://new.example' }), false)
  stage.clock.pass(7 * hourMs)
  t.equal(await begun({ publicUrl: 'https://new.example' }), true)
  const reconciler = process(stage)
  await reconciler.begin({ ...everyActive, dryRun: true })
  await over(stage)
  t.equal(await begun(), true, 'a dry run puts nothing right')
  await reconciler.stop()
})

t.test('one that its process left is gone on with from where it was', async t => {
  const stage = await setStage(t)
  const asked: (string | undefined)[] = []
  let stopping: Promise<void> | null = null
  let stopAfter = 2
  const { runtime } = await crowd(stage, 250, async older => {
    asked.push(older)
    if (--stopAfter === 0) stopping = first.stop()
  })
  const first: Reconciler = makeReconciler(runtime, { publicUrl: stage.url, atStart: false })
  const { sid } = await first.begin(everyActive)
  await stage.clock.passUntil(() => stopping !== null)
  await stopping
  const left = await latest(stage)
  t.match(left, { sid, status: 'running', examined: 96, leaseUntil: 0 })
  t.equal(asked.length, 2)

  const second = makeReconciler(runtime, { publicUrl: stage.url, atStart: false })
  second.start()
  stage.clock.pass(lookEveryMs)
  t.match(await over(stage), {
    sid,
    status: 'completed',
    examined: 250,
    findings: [],
    progress: null
  })
  t.same(asked.slice(2), [asked[1], asked[3]], 'the first page is not read again')
  await second.stop()
})

t.test('one whose process died is taken over when its lease has ended, by one process', async t => {
  const stage = await setStage(t)
  await parked(stage)
  const died = process(stage, { publicUrl: 'https://old.example' })
  const { sid } = await died.begin(everyActive)
  const text = await stage.runtime.notes.fetchNote('reconciliation')
  await over(stage)
  await died.stop()
  // As if it had not come further than to begin.
  const now = await stage.runtime.notes.fetchNote('reconciliation')
  await stage.runtime.notes.replaceNote('reconciliation', now, text ?? '')

  const processes = [1, 2].map(() => process(stage, { atStart: false }))
  for (const each of processes) each.start()
  await t.rejects(async () => processes[0]?.begin(everyActive), { name: 'NotNow' })
  stage.clock.pass(lookEveryMs)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.match(await latest(stage), { sid, status: 'running', examined: 0 })
  stage.clock.pass(2 * lookEveryMs)
  t.match(await over(stage), { sid, status: 'completed', examined: 1, publicUrl: stage.url })
  await stopAll(processes)
})

t.test('it breaks off where Twilio cannot be read, and says so', async t => {
  const stage = await setStage(t)
  const { runtime, list } = await crowd(stage, 200)
  const refused = { ...runtime, conversations: stage.runtime.conversations }
  stage.world.faults.add([{ call: 'GET Webhooks', status: 401, code: 20003, times: 1000 }])
  const reconciler = makeReconciler(refused, { publicUrl: stage.url, atStart: false })
  await reconciler.begin(everyActive)
  t.match(await over(stage), {
    status: 'failed',
    examined: 24,
    found: { unreadable: 24 },
    done: { failed: 24 },
    error: /^Twilio cannot be read: Twilio answered 401 \(20003\).*credentials/
  })
  t.equal(list.length, 200)
  await reconciler.stop()
})

/** One more process of the same service, as far as reconciling goes. */
const process = (
  { runtime, url }: Stage,
  { publicUrl = url, atStart = true }: { publicUrl?: string; atStart?: boolean } = {}
): Reconciler => makeReconciler(runtime, { publicUrl, atStart })

const stopAll = (all: readonly Reconciler[]) => Promise.all(all.map(each => each.stop()))

async function latest({ runtime }: Stage): Promise<Reconciliation | null> {
  return JSON.parse((await runtime.notes.fetchNote('reconciliation')) ?? 'null')
}

/** The latest reconciliation, when it is over. */
async function over(stage: Stage): Promise<Reconciliation | null> {
  for (let quiet = 0; quiet < 5; ) {
    await new Promise(resolve => setTimeout(resolve, 5))
    const run = await latest(stage)
    quiet = run?.status === 'running' ? 0 : quiet + 1
  }
  return latest(stage)
}

/** An execution that waits for a reply. */
async function parked(stage: Stage) {
  const flow = await stage.publish(askAndThank())
  const conversation = stage.openConversation()
  return { flow, conversation, sid: await stage.start(flow, conversation) }
}

/** A runtime whose store lists so many executions, all attached to one Conversation that is not there. */
async function crowd(
  stage: Stage,
  count: number,
  listing: (older: string | undefined) => Promise<void> = async () => {}
) {
  // It would read the store itself.
  await stage.service.reconciler.stop()
  const flowSid = await stage.publish(askAndThank())
  const list = Array.from({ length: count }, (_, at): Execution => {
    const sid = `FN0000${String(at).padStart(28, '0')}`
    const attached = {
      visit: 1,
      conversationSid: 'CH1',
      serviceSid: null,
      attached: true,
      close: false
    }
    const start = newExecution({
      sid,
      accountSid: stage.runtime.accountSid,
      flowSid,
      flowRevision: 1,
      mode: 'flow',
      createdAt: stage.clock.now() - at,
      to: 'ada',
      from: 'us',
      contactSid: `FC${'0'.repeat(32)}`,
      initiatedBy: 'RQ',
      triggeredBy: 'incomingRequest'
    })
    return { ...start, attachments: [attached] }
  })
  const runtime: Runtime = {
    ...stage.runtime,
    conversations: { ...stage.runtime.conversations, listWebhooks: async () => [] },
    executions: {
      ...stage.runtime.executions,
      async list({ older, limit }) {
        await listing(older?.sid)
        const from = older ? list.findIndex(({ sid }) => sid === older.sid) + 1 : 0
        return list.slice(from, from + limit)
      }
    }
  }
  return { runtime, list }
}
