import t from 'tap'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import { startRedisCluster, until, untilReplicated } from '../support/redis-server.ts'
import { claimed, held, idsOf, message, start, times, turnOf } from './contract/samples.ts'
import { opened, storesOn } from './redis-stores.ts'
import { storeContract } from './store-contract.ts'

const nodesOf = (servers: readonly { readonly port: number }[]): string[] =>
  servers.map(({ port }) => `127.0.0.1:${port}`)

storeContract(
  t,
  'a store in a Redis Cluster',
  storesOn({ clusterNodes: nodesOf(await startRedisCluster(t)) })
)

t.test('when a primary fails, its executions go on with its replica', async t => {
  const servers = await startRedisCluster(t, { replicas: 1 })
  const store = await opened(t, { clusterNodes: nodesOf(servers).slice(1, 3) })
  const claims = await Promise.all(times(40, at => held(store, { to: `+${at}` })))
  const fetchAll = () =>
    Promise.all(claims.map(({ execution }) => store.executions.fetch(execution.sid)))
  const [primary] = servers
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
