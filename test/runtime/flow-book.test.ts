// What executions know of flows: soon enough after a change elsewhere, and not of all flows for ever.
import t from 'tap'
import { makeFlowBook, NotAtHand } from '../../src/runtime/flow-book.ts'
import type { FlowRevision, FlowStore } from '../../src/runtime/ports.ts'
import { widgets } from '../../src/widgets/index.ts'
import { folder, opened } from '../adapters/embedded-folder.ts'
import { flowOf } from '../support/build-service.ts'
import { makeFakeClock } from './fake-clock.ts'
import { setStage } from './stage.ts'

const flowSid = `FW${'1'.repeat(32)}`
const say = (body: string) =>
  flowOf(['say', 'send-message', { body }, { sent: null, failed: null }])

const revisionOf = (revision: number, status: FlowRevision['status'] = 'published') => ({
  flowSid,
  revision,
  friendlyName: 'A flow',
  status,
  definition: say(`Revision ${revision}`),
  faults: [],
  commitMessage: null,
  authorSid: null,
  flowCreatedAt: 1,
  createdAt: revision
})

t.test('what one process publishes is what another one starts within a second', async t => {
  const { flows: store } = await opened(t, folder(t))
  const clock = makeFakeClock()
  const [here, there] = [makeFlowBook(store, widgets, clock), makeFlowBook(store, widgets, clock)]
  const both = async (contact = '+1') => [
    await here.revisionFor(flowSid, contact),
    await there.revisionFor(flowSid, contact)
  ]
  /** As a save by the API does it. */
  const save = async (revision: number, status?: FlowRevision['status']) => {
    await store.saveRevision(revisionOf(revision, status))
    here.refresh(flowSid)
  }

  t.same(await both(), [null, null])
  for (const revision of [1, 2]) {
    await save(revision)
    t.equal((await both())[0], revision, 'at once where it was published')
    clock.pass(999)
    t.same(await both(), [revision, revision])
  }
  await save(3, 'draft')
  await store.saveTestUsers(flowSid, ['+2'])
  clock.pass(999)
  t.same(await both(), [2, 2])
  t.same(await both('+2'), [3, 3])
})

t.test('revisions that nobody runs any more are forgotten, those that run are not', async t => {
  let fetched = 0
  const store = {
    fetchRevision: async (_: string, revision: number) => {
      fetched += 1
      return revisionOf(revision)
    }
  } as unknown as FlowStore
  const book = makeFlowBook(store, widgets, makeFakeClock())
  for (let revision = 1; revision <= 2000; revision++) {
    await book.load(flowSid, revision)
    book.at(flowSid, 1)
  }
  t.equal(fetched, 2000)
  t.throws(() => book.at(flowSid, 2), NotAtHand)
  const atHand = Array.from({ length: 2000 }, (_, at) => {
    try {
      return [book.at(flowSid, at + 1)]
    } catch {
      return []
    }
  })
  t.ok(atHand.flat().length <= 400, `${atHand.flat().length} are at hand`)
  t.ok(atHand.flat().length >= 200)
  await book.load(flowSid, 2)
  t.equal(fetched, 2001)
  t.equal(book.at(flowSid, 2).initialWidget, 'Trigger')
})

t.test(
  'an execution goes on though its flow, and the one that it calls, are forgotten',
  async t => {
    const stage = await setStage(t)
    const { runtime, publish, openConversation, start, say: reply, bodies, path } = stage
    const { flows } = runtime
    Object.assign(flows, {
      at(flowSid: string, revision: number) {
        throw new NotAtHand(flowSid, revision)
      }
    })
    const inner = flowOf(
      [
        'ask',
        'send-and-wait-for-reply',
        { body: 'Well?', timeout: '60' },
        { incomingMessage: 'keep', timeout: null, deliveryFailure: null }
      ],
      [
        'keep',
        'set-variables',
        { variables: [{ key: 'answer', value: '{{widgets.ask.inbound.Body}}' }] },
        { next: null }
      ]
    )
    const [trigger, ...states] = inner.states
    const transitions = [{ event: 'incomingParent', next: 'ask' }]
    const innerSid = await publish({ ...inner, states: [{ ...trigger, transitions }, ...states] })
    const outer = flowOf(
      [
        'resume',
        'resume-conversation',
        { conversation_sid: '{{flow.data.conversation_sid}}' },
        { resumed: 'call', failed: null }
      ],
      [
        'call',
        'run-subflow',
        { flow_sid: innerSid, flow_revision: 'LatestPublished', parameters: [] },
        { completed: 'thank', failed: null }
      ],
      [
        'thank',
        'send-message',
        { body: '{{widgets.call.answer}}, then.' },
        { sent: null, failed: null }
      ]
    )
    const conversation = openConversation()
    const sid = await start(await publish(outer), conversation)
    await reply(conversation, 'Yes')
    t.same(bodies(conversation), ['Well?', 'Yes', 'Yes, then.'])
    t.equal((await path(sid)).at(-1), 'thank sent')
  }
)
