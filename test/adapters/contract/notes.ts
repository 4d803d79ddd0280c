import type { Test } from 'tap'
import { leaseMs, type MakeStore, times } from './samples.ts'

export async function notes(t: Test, makeStore: MakeStore): Promise<void> {
  t.test('a note is read as it was last written, by everybody, and after a restart', async t => {
    const { store, peer, reopen } = await makeStore(t, { leaseMs })
    t.equal(await store.notes.fetchNote('progress'), null)
    t.equal(await store.notes.replaceNote('progress', null, 'ü one'), true)
    t.equal(await peer.notes.fetchNote('progress'), 'ü one')
    t.equal(await peer.notes.replaceNote('progress', 'ü one', 'x'.repeat(50_000)), true)
    t.equal(await store.notes.fetchNote('other'), null)
    const again = await reopen()
    t.equal((await again.notes.fetchNote('progress'))?.length, 50_000)
  })

  t.test('a note is replaced only by who knows it as it is', async t => {
    const { store } = await makeStore(t, { leaseMs })
    t.equal(await store.notes.replaceNote('progress', '', 'one'), false)
    t.equal(await store.notes.replaceNote('progress', 'zero', 'one'), false)
    t.equal(await store.notes.fetchNote('progress'), null)
    t.equal(await store.notes.replaceNote('progress', null, ''), true)
    t.equal(await store.notes.replaceNote('progress', null, 'one'), false)
    t.equal(await store.notes.replaceNote('progress', '', 'one'), true)
    t.equal(await store.notes.replaceNote('progress', 'one ', 'two'), false)
    t.equal(await store.notes.fetchNote('progress'), 'one')
  })

  t.test('of 20 who replace the same note at once exactly one does', async t => {
    const { store, peer } = await makeStore(t, { leaseMs })
    await store.notes.replaceNote('progress', null, 'before')
    const replaced = await Promise.all(
      times(20, at =>
        (at % 2 ? store : peer).notes.replaceNote('progress', 'before', `after ${at}`)
      )
    )
    t.equal(replaced.filter(Boolean).length, 1)
    t.equal(await peer.notes.fetchNote('progress'), `after ${replaced.indexOf(true)}`)
  })
}
