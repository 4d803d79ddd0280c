import t from 'tap'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import {
  ask,
  freshPrefix,
  startRedisCluster,
  until,
  untilReplicated
} from '../support/redis-server.ts'
import {
  claimed,
  entryFor,
  held,
  idsOf,
  message,
  start,
  times,
  turnOf
} from './contract/samples.ts'
import { opened, storesOn } from './redis-stores.ts'
import { atLeast, lostOf, startWork } from './redis-work.ts'
import { storeContract } from './store-contract.ts'

const nodesOf = (servers: readonly { readonly port: number }[]): string[] =>
  servers.map(({ port }) => `127.0.0.1:${port}`)

const servers = await startRedisCluster(t, { replicas: 1 })
const clusterNodes = nodesOf(servers).slice(1, 3)

storeContract(t, 'a store in a Redis Cluster', storesOn({ clusterNodes }))

t.test('when a primary fails under load, nothing is lost that had reached its replica', async t => {
  const store = await opened(t, { clusterNodes, waitReplicas: 1, prefix: freshPrefix() })
  const [primary] = servers
  if (!primary) return t.fail('there is no primary')
  const work = startWork(store)
  await until(async () => atLeast(200, work.finished()), 'some work to be done')

  await primary.kill()
  await until(() => store.ping(), 'the replica to take over')
  // It comes back as the replica of the one that has taken over; until then no change there reaches any.
  await primary.start()
  await until(() => store.executions.create(entryFor(store)), 'changes to reach a replica')
  const before = work.finished()
  await until(async () => atLeast(before + 400, work.finished()), 'the work to go on')
  await work.stop()

  t.ok(work.faults.length > 0)
  t.ok(work.faults.every(fault => fault instanceof StoreUnavailable))
  t.comment(`${work.acknowledged.length} executions, ${work.faults.length} faults`)
  t.strictSame(await lostOf(store, work.acknowledged), [])
  await until(async () => {
    const info = await ask(primary.port, client => client.info('replication'))
    if (!info.includes('master_link_status:up')) throw new Error(info)
  }, 'the killed one to have everything')
})

t.test('when a primary fails, its executions go on with its replica', async t => {
  const store = await opened(t, { clusterNodes, prefix: freshPrefix() })
  const claims = await Promise.all(times(40, at => held(store, { to: `+${at}` })))
  const fetchAll = () =>
    Promise.all(claims.map(({ execution }) => store.executions.fetch(execution.sid)))
  const primary = servers[1]
  if (!primary) return t.fail('there is no primary')
  await untilReplicated(primary)

  await primary.kill()
  await t.rejects(fetchAll(), StoreUnavailable)
  await until(fetchAll, 'the replica to take over')
  for (const claim of claims) {
    const { sid } = claim.execution
    await store.executions.deliver(sid, message('IM1'), { now: start, claim: true })
    t.strictSame(idsOf(await store.executions.commit(claim, turnOf(claim))), ['IM1'])
    const fence = claim.fence + 1
    await store.executions.commit(claim, turnOf(claim, { consumed: ['IM1'] }))
    t.equal((await claimed(store, sid, start)).fence, fence)
  }
  await t.resolves(store.ping())
})
