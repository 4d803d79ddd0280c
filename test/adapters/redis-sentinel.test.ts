import t from 'tap'
import { openRedisStore } from '../../src/adapters/redis/store.ts'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import { startWatchedRedis, watchedName } from '../support/redis-sentinels.ts'
import { ask, startRedis, until } from '../support/redis-server.ts'
import { message, parked, start, times } from './contract/samples.ts'
import { opened } from './redis-stores.ts'
import { atLeast, lostOf, startWork } from './redis-work.ts'

t.test('when the primary fails, the store goes on with the one that Sentinels promote', async t => {
  const { primary, sentinels } = await startWatchedRedis(t, { replicas: 2 })
  const [first] = sentinels
  const nodes = sentinels.map(({ port }) => `127.0.0.1:${port}`)
  const store = await opened(t, { sentinels: { name: watchedName, nodes }, waitReplicas: 1 })
  const work = startWork(store)
  await until(async () => atLeast(200, work.finished()), 'some work to be done')

  await Promise.all([primary.kill(), first?.kill()])
  await until(async () => atLeast(1, work.faults.length), 'somebody to notice')
  const before = work.finished()
  await until(async () => atLeast(before + 200, work.finished()), 'the work to go on')
  await work.stop()

  t.ok(work.faults.every(fault => fault instanceof StoreUnavailable))
  t.comment(`${work.acknowledged.length} executions, ${work.faults.length} faults`)
  t.strictSame(await lostOf(store, work.acknowledged), [])
})

t.test('a change that must reach a replica does not count before', async t => {
  const { url, port } = await startRedis(t)
  const [other, store] = [await opened(t, { url }), await opened(t, { url, waitReplicas: 1 })]
  const { sid } = await parked(other)
  const deliver = () => store.executions.deliver(sid, message('IM1'), { now: start, claim: true })
  await t.rejects(deliver(), { name: 'StoreUnavailable', message: /0 replicas have the change/ })
  t.equal((await store.executions.fetch(sid))?.sid, sid, 'reading goes on')

  const replica = await startRedis(t, { 'repl-diskless-sync-delay': '0' })
  await ask(replica.port, client => client.replicaof('127.0.0.1', port))
  t.strictSame(await until(deliver, 'the replica'), { outcome: 'duplicate' }, 'it had been made')
  const begun = Date.now()
  await Promise.all(times(500, () => parked(store)))
  t.ok(Date.now() - begun < 5000, 'many changes share one look')
})

t.test('Sentinels that cannot help are told of', async t => {
  const { primary, sentinels } = await startWatchedRedis(t)
  const nodes = sentinels.map(({ port }) => `127.0.0.1:${port}`)
  const failed = (sentinels: { name: string; nodes: readonly string[] }) =>
    openRedisStore({ sentinels, startMs: 300 })
  await t.rejects(failed({ name: 'nobody', nodes }), {
    name: 'StoreUnavailable',
    message: /^Redis at nobody \(Sentinels .* because ERR No such master with that name$/
  })
  const gone = await startRedis(t)
  await gone.kill()
  await t.rejects(failed({ name: watchedName, nodes: [`127.0.0.1:${gone.port}`] }), {
    message: new RegExp(`failed to connect to sentinel 127.0.0.1:${gone.port}`)
  })
  await t.rejects(failed({ name: watchedName, nodes: [`127.0.0.1:${primary.port}`] }), {
    name: 'StoreUnavailable'
  })
})
