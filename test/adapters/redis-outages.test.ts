// What happens when Redis does not: nothing that was promised is lost, everybody is told, and it comes back.
import t from 'tap'
import { openRedisStore } from '../../src/adapters/redis/store.ts'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import type { Store } from '../../src/runtime/ports.ts'
import { ask, freshPrefix, startRedis, until } from '../support/redis-server.ts'
import {
  claimed,
  entryFor,
  far,
  flowSid,
  held,
  idsOf,
  leaseMs,
  message,
  parked,
  start,
  stepOf,
  times,
  turnOf
} from './contract/samples.ts'
import { opened } from './redis-stores.ts'

/** Every way to ask a store for something; `claim` is one of an execution in it. */
function callsOf(store: Store, claim: Awaited<ReturnType<typeof held>>): Promise<unknown>[] {
  const { executions, flows } = store
  const { sid } = claim.execution
  return [
    executions.create(entryFor(store)),
    executions.deliver(sid, message('IM9'), { now: start, claim: true }),
    executions.claim(sid, far),
    executions.claimDue(far, 10),
    executions.commit(claim, turnOf(claim)),
    executions.renew(claim, start),
    executions.remove(claim),
    executions.fetch(sid),
    executions.fetchSteps(sid),
    executions.list({ flowSid, limit: 1 }),
    flows.fetchRevision(flowSid, 'LatestRevision'),
    flows.listRevisions(flowSid),
    flows.listFlows(),
    flows.removeFlow(flowSid),
    store.ping()
  ]
}

const areUnavailable = (results: readonly PromiseSettledResult<unknown>[]): boolean =>
  results.every(result => result.status === 'rejected' && result.reason instanceof StoreUnavailable)

t.test('what was promised before Redis was killed has been kept', async t => {
  const server = await startRedis(t, { appendonly: 'yes' })
  const store = await opened(t, { url: server.url, leaseMs })
  const waiting = await held(store)
  const kept: string[] = []
  const faults: unknown[] = []

  async function work(): Promise<void> {
    for (;;) {
      const claim = await held(store)
      const { sid } = claim.execution
      const steps = [stepOf(claim.execution, 1)]
      await store.executions.commit(claim, turnOf(claim, { steps }))
      await store.executions.deliver(sid, message('IM1'), { now: start, claim: true })
      if (kept.push(sid) === 300) await server.kill()
    }
  }
  await Promise.all(times(16, () => work().catch(error => faults.push(error))))
  t.equal(faults.length, 16)
  t.ok(faults.every(error => error instanceof StoreUnavailable))
  t.ok(areUnavailable(await Promise.allSettled(callsOf(store, waiting))))

  await server.start()
  await until(() => store.ping(), 'the store to find it')
  t.ok(kept.length >= 300)
  for (const sid of kept) {
    t.equal((await store.executions.fetchSteps(sid)).length, 1)
    const claim = await claimed(store, sid, start + leaseMs)
    t.equal(claim.recovering, true)
    t.strictSame(idsOf(claim.inbox), ['IM1'])
  }
  t.strictSame(await store.executions.commit(waiting, turnOf(waiting)), [])
})

t.test('a Redis that hangs is told of in time, and used again when it wakes', async t => {
  const server = await startRedis(t)
  const store = await opened(t, { url: server.url })
  const claim = await held(store)
  server.freeze()
  const begun = Date.now()
  t.ok(areUnavailable(await Promise.allSettled(callsOf(store, claim))))
  t.ok(Date.now() - begun < 3000)
  server.wake()
  await until(() => store.ping(), 'the store to find it')
  t.equal((await store.executions.fetch(claim.execution.sid))?.sid, claim.execution.sid)
})

t.test('a Redis that has lost its scripts is given them again', async t => {
  const server = await startRedis(t)
  const store = await opened(t, { url: server.url })
  const { sid } = await parked(store)
  await ask(server.port, client => client.script('FLUSH'))
  const outcomes = await Promise.all(
    times(20, at => store.executions.deliver(sid, message(`IM${at}`), { now: start, claim: true }))
  )
  t.equal(outcomes.filter(({ outcome }) => outcome === 'claimed').length, 1)
  t.equal(outcomes.filter(({ outcome }) => outcome === 'queued').length, 19)
})

t.test('a Redis that may not write is not available for writing', async t => {
  const server = await startRedis(t)
  const store = await opened(t, { url: server.url })
  const { sid } = await parked(store)
  const deliver = () => store.executions.deliver(sid, message('IM1'), { now: start, claim: true })
  await ask(server.port, client => client.replicaof('127.0.0.1', 1))
  await t.rejects(deliver(), StoreUnavailable)
  await ask(server.port, client => client.replicaof('NO', 'ONE'))
  t.equal((await until(deliver, 'the store to find it')).outcome, 'claimed')
})

t.test('a Redis that is full takes nothing, and nothing by halves', async t => {
  const server = await startRedis(t)
  const store = await opened(t, { url: server.url })
  const execution = await parked(store)
  const claim = await held(store)
  const deliver = () =>
    store.executions.deliver(execution.sid, message('IM1'), { now: start, claim: true })
  const steps = [stepOf(claim.execution, 1)]
  const commit = () => store.executions.commit(claim, turnOf(claim, { steps }))
  const entry = entryFor(store, { exclusive: true, to: '+1', idempotencyKey: 'once' })
  const create = () => store.executions.create(entry)
  const calls: (() => Promise<unknown>)[] = [deliver, commit, create]
  await ask(server.port, client => client.config('SET', 'maxmemory', '1'))
  for (const call of calls) await t.rejects(call(), StoreUnavailable)
  t.strictSame(await store.executions.fetch(entry.execution.sid), null)
  await ask(server.port, client => client.config('SET', 'maxmemory', '0'))
  t.equal((await deliver()).outcome, 'claimed')
  t.strictSame(await commit(), [])
  t.equal((await create()).outcome, 'created')
  t.equal((await store.executions.fetchSteps(claim.execution.sid)).length, 1)
})

t.test('the start waits for Redis, and says at which address it waited in vain', async t => {
  const server = await startRedis(t)
  await server.kill()
  const open = openRedisStore({ url: server.url })
  await server.start()
  const store = await open
  t.teardown(() => store.close())
  await t.resolves(store.ping())

  await server.kill()
  const { port } = server
  const url = `redis://user:secret@127.0.0.1:${port}`
  const message = `Redis at 127.0.0.1:${port} cannot be used: connect ECONNREFUSED 127.0.0.1:${port}`
  await t.rejects(openRedisStore({ url, startMs: 100 }), { name: 'StoreUnavailable', message })
  const clusterNodes = [`user:secret@127.0.0.1:${port}`]
  await t.rejects(openRedisStore({ clusterNodes, startMs: 100 }), { name: 'StoreUnavailable' })
  for (const url of ['http://user:secret@127.0.0.1', 'redis://', 'redis://user:secret@:x', ''])
    await t.rejects(openRedisStore({ url, startMs: 100 }), { message: /must look like redis:/ })
})

t.test('a password is used, and a wrong one is told at once', async t => {
  const { port } = await startRedis(t)
  await ask(port, client => client.config('SET', 'requirepass', 'sesame open'))
  const address = `127.0.0.1:${port}`
  const store = await opened(t, { url: `redis://:sesame%20open@${address}`, prefix: freshPrefix() })
  await t.resolves(store.ping())
  for (const url of [`redis://:wrong@${address}`, `redis://${address}`]) {
    const failed = openRedisStore({ url })
    await t.rejects(failed, { message: /cannot be used: (WRONGPASS|NOAUTH)/ })
  }
})

t.test('a Redis that may throw executions away is refused', async t => {
  const { port, url } = await startRedis(t)
  const configure = (name: string, value: string) =>
    ask(port, client => client.config('SET', name, value))
  await configure('maxmemory-policy', 'allkeys-lru')
  await (await openRedisStore({ url })).close()
  await configure('maxmemory', '100mb')
  await t.rejects(openRedisStore({ url }), { message: /Set its maxmemory-policy to noeviction/ })
})

t.test('closing waits for what is under way, may be repeated, and ends everything', async t => {
  const { url } = await startRedis(t)
  const store = await openRedisStore({ url })
  const claims = await Promise.all(times(50, () => held(store)))
  const last = claims.map(claim => store.executions.commit(claim, turnOf(claim)))
  await Promise.all([store.close(), store.close()])
  await t.resolves(store.close())
  await Promise.all(last)
  const [claim] = claims
  if (claim) t.ok(areUnavailable(await Promise.allSettled(callsOf(store, claim))))
  const again = await opened(t, { url })
  t.strictSame(await again.executions.claimDue(far, 10), [])
})
