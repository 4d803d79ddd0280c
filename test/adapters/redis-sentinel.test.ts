import t from 'tap'
import { openRedisStore } from '../../src/adapters/redis/store.ts'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import { startRedis, startWatchedRedis, until, watchedName } from '../support/redis-server.ts'
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
