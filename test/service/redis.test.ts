import t from 'tap'
import { askAndThank, eventually } from '../support/build-service.ts'
import { makeCertificate } from '../support/certificate.ts'
import { ask, startRedis, startRedisCluster } from '../support/redis-server.ts'
import { buildOnce, freePort, setScene, startProcess } from './process.ts'

t.setTimeout(180_000)
buildOnce()

t.test(
  'two processes on one Redis carry on what the other began, and outlive each other',
  async t => {
    const scene = await setScene(t)
    const { world, bodies, publish, trigger, leftBehindNothing, client } = scene
    const { port } = await startRedis(t)
    const shared = { ...scene.settings, REDIS_URL: `redis://127.0.0.1:${port}` }
    const start = async (settings: Record<string, string>) => {
      const running = startProcess(t, settings)
      await running.ready()
      return running
    }
    // Twilio reaches the first one; the second one has the same PUBLIC_URL, as behind a load balancer.
    const first = await start(shared)
    const other = String(await freePort())
    const second = await start({ ...shared, PORT: other })
    const flow = await publish(askAndThank(true))

    client.studio.baseUrl = `http://127.0.0.1:${other}`
    const said = await trigger(flow, '+15550000001')
    const kept = await trigger(flow, '+15550000002')
    for (const { conversation, sid } of [said, kept]) {
      await eventually(() => bodies(conversation).length === 1)
      const { steps } = client.studio.v2.flows(flow).executions(sid)
      await eventually(async () => (await steps.list()).length === 2)
    }
    await second.kill('SIGKILL')
    world.say(said.conversation, { body: 'Fine' })
    await leftBehindNothing(said.conversation)
    t.same(bodies(said.conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])

    await first.kill('SIGKILL')
    await start(shared)
    world.say(kept.conversation, { body: 'Well' })
    await leftBehindNothing(kept.conversation)
    t.same(bodies(kept.conversation), ['How are you, Ada?', 'Well', '"Well" is noted.'])
  }
)

t.test('what one process publishes, another one starts within a second', async t => {
  const { settings, client, publish, trigger } = await setScene(t)
  const { port } = await startRedis(t)
  const shared = { ...settings, REDIS_URL: `redis://127.0.0.1:${port}` }
  const other = String(await freePort())
  const processes = [startProcess(t, shared), startProcess(t, { ...shared, PORT: other })]
  await Promise.all(processes.map(running => running.ready()))
  const here = client.studio.baseUrl
  const there = `http://127.0.0.1:${other}`
  const flow = await publish(askAndThank())
  const revisionFrom = async (at: string, person: number) => {
    client.studio.baseUrl = at
    const { sid } = await trigger(flow, `+1555000000${person}`)
    return (await client.studio.v2.flows(flow).executions(sid).fetch()).flowVersion
  }
  t.equal(await revisionFrom(there, 1), 1)

  client.studio.baseUrl = here
  await client.studio.v2.flows(flow).update({ status: 'published', definition: askAndThank(true) })
  await new Promise(resolve => setTimeout(resolve, 1000))
  t.equal(await revisionFrom(there, 2), 2)

  await t.test('and one that wants another number of shards does not start', async t => {
    const refused = startProcess(t, {
      ...shared,
      PORT: String(await freePort()),
      REDIS_SHARDS: '4'
    })
    t.match(await refused.exited(), { code: 1 })
    t.match(
      refused.output(),
      /^The store in Redis at [\d.:]+ \(key \{reprise:store\}:shards\) has 16 shards, not 4\. [^\n]*REDIS_SHARDS[^\n]*\n$/
    )
  })
})

t.test('a Cluster may want TLS, a user and a password', async t => {
  const { settings, client, publish } = await setScene(t)
  const { certificate, key } = makeCertificate(t)
  const nodes = await startRedisCluster(t, {
    tls: {
      'tls-cert-file': certificate,
      'tls-key-file': key,
      'tls-ca-cert-file': certificate,
      'tls-auth-clients': 'no'
    }
  })
  for (const { port } of nodes)
    await ask(port, async client => {
      await client.call('ACL', 'SETUSER', 'reprise', 'on', '>sesame', '~*', '&*', '+@all')
      await client.config('SET', 'requirepass', 'something else')
    })
  const secured = {
    ...settings,
    REDIS_CLUSTER_NODES: `127.0.0.1:${nodes[0]?.clusterPort}`,
    REDIS_USERNAME: 'reprise',
    REDIS_PASSWORD: 'sesame',
    REDIS_TLS: 'true',
    NODE_EXTRA_CA_CERTS: certificate
  }
  const running = startProcess(t, secured)
  await running.ready()
  const flow = await publish(askAndThank())
  t.equal((await client.studio.v2.flows(flow).fetch()).revision, 1)
})
