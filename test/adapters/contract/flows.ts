import type { Test } from 'tap'
import type { FlowRevision } from '../../../src/runtime/ports.ts'
import { flowSid, leaseMs, type MakeStore, otherFlowSid, start, times } from './samples.ts'

const revisionOf = (revision: number, given: Partial<FlowRevision> = {}): FlowRevision => ({
  flowSid,
  revision,
  friendlyName: `Reminder ${revision}`,
  status: 'published',
  definition: { states: [{ name: 'Trigger', n: revision }], initial_state: 'Trigger', ü: null },
  faults: [],
  commitMessage: null,
  authorSid: null,
  flowCreatedAt: start,
  createdAt: start + revision,
  ...given
})

export async function flows(t: Test, makeStore: MakeStore): Promise<void> {
  t.test('a revision is read as it was saved, by its number or as the latest', async t => {
    const { store, peer, reopen } = await makeStore(t, { leaseMs })
    const all = times(12, at =>
      revisionOf(
        at + 1,
        at === 11 ? { status: 'draft', faults: [{ propertyPath: '#', message: 'no' }] } : {}
      )
    )
    for (const revision of all) t.equal(await store.flows.saveRevision(revision), true)
    for (const revision of all)
      t.strictSame(await peer.flows.fetchRevision(flowSid, revision.revision), revision)
    t.strictSame(await peer.flows.fetchRevision(flowSid, 'LatestRevision'), all[11])
    t.strictSame(await peer.flows.fetchRevision(flowSid, 'LatestPublished'), all[10])
    t.strictSame(await peer.flows.listRevisions(flowSid), all.toReversed())
    t.strictSame(await (await reopen()).flows.listRevisions(flowSid), all.toReversed())
  })

  t.test('a flow that was never published has no published revision', async t => {
    const { store } = await makeStore(t, { leaseMs })
    await store.flows.saveRevision(revisionOf(1, { status: 'draft' }))
    t.equal(await store.flows.fetchRevision(flowSid, 'LatestPublished'), null)
    t.equal((await store.flows.fetchRevision(flowSid, 'LatestRevision'))?.revision, 1)
  })

  t.test('a revision is saved only as the next one, and never changes', async t => {
    const { store } = await makeStore(t, { leaseMs })
    for (const number of [0, 2, -1])
      t.equal(await store.flows.saveRevision(revisionOf(number)), false)
    t.equal(await store.flows.saveRevision(revisionOf(1)), true)
    const changed = revisionOf(1, { friendlyName: 'Other', status: 'draft' })
    for (const revision of [changed, revisionOf(3)])
      t.equal(await store.flows.saveRevision(revision), false)
    t.strictSame(await store.flows.listRevisions(flowSid), [revisionOf(1)])
    t.strictSame(await store.flows.fetchRevision(flowSid, 'LatestPublished'), revisionOf(1))
  })

  t.test('of 20 who save the same next revision at once exactly one does', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    await store.flows.saveRevision(revisionOf(1))
    const names = times(20, at => `Author ${at}`)
    const saved = await Promise.all(
      names.map((friendlyName, at) =>
        (at % 2 ? store : peer).flows.saveRevision(revisionOf(2, { friendlyName }))
      )
    )
    t.equal(saved.filter(Boolean).length, 1)
    const winner = names[saved.indexOf(true)]
    t.equal((await peer.flows.fetchRevision(flowSid, 2))?.friendlyName, winner)
  })

  t.test('flows are listed by their latest revision, the newest flow first', async t => {
    const { store } = await makeStore(t, { leaseMs })
    const other = { flowSid: otherFlowSid, flowCreatedAt: start + 1 }
    await store.flows.saveRevision(revisionOf(1, other))
    await store.flows.saveRevision(revisionOf(1))
    await store.flows.saveRevision(revisionOf(2, { status: 'draft' }))
    t.strictSame(await store.flows.listFlows(), [
      revisionOf(1, other),
      revisionOf(2, { status: 'draft' })
    ])
  })

  t.test('a removed flow is gone with its revisions, and may begin anew', async t => {
    const { store } = await makeStore(t, { leaseMs })
    await store.flows.saveRevision(revisionOf(1))
    await store.flows.saveRevision(revisionOf(2))
    await store.flows.saveRevision(revisionOf(1, { flowSid: otherFlowSid }))
    t.equal(await store.flows.removeFlow(flowSid), true)
    t.equal(await store.flows.removeFlow(flowSid), false)
    t.strictSame(await store.flows.listRevisions(flowSid), [])
    for (const choice of [1, 2, 'LatestRevision', 'LatestPublished'] as const)
      t.equal(await store.flows.fetchRevision(flowSid, choice), null)
    t.strictSame(await store.flows.listFlows(), [revisionOf(1, { flowSid: otherFlowSid })])
    t.equal(await store.flows.saveRevision(revisionOf(2)), false)
    t.equal(await store.flows.saveRevision(revisionOf(1)), true)
  })

  t.test('a flow that is not there has nothing', async t => {
    const { store } = await makeStore(t, { leaseMs })
    for (const sid of ['nobody', '', 'FW\0', 'x'.repeat(5000)]) {
      t.equal(await store.flows.fetchRevision(sid, 1), null)
      t.equal(await store.flows.fetchRevision(sid, 'LatestRevision'), null)
      t.strictSame(await store.flows.listRevisions(sid), [])
      t.equal(await store.flows.removeFlow(sid), false)
    }
  })

  t.test('the store answers when it is asked whether it does', async t => {
    const { store } = await makeStore(t, { leaseMs })
    await t.resolves(store.ping())
  })

  t.test('test users are kept as they were last given, and go with their flow', async t => {
    const { store, peer, reopen } = await makeStore(t, { leaseMs })
    await store.flows.saveRevision(revisionOf(1))
    t.strictSame(await peer.flows.fetchTestUsers(flowSid), [])
    await store.flows.saveTestUsers(flowSid, ['+1', 'ada', '+1'])
    await store.flows.saveTestUsers(flowSid, ['+2', 'ada'])
    t.strictSame(await peer.flows.fetchTestUsers(flowSid), ['+2', 'ada'])
    t.strictSame(await peer.flows.fetchTestUsers(otherFlowSid), [])
    t.equal((await peer.flows.listFlows()).length, 1)
    const again = await reopen()
    t.strictSame(await again.flows.fetchTestUsers(flowSid), ['+2', 'ada'])
    await again.flows.removeFlow(flowSid)
    t.strictSame(await again.flows.fetchTestUsers(flowSid), [])
  })
}
