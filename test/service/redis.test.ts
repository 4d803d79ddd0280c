import t from 'tap'
import { askAndThank, eventually } from '../support/build-service.ts'
import { startRedis } from '../support/redis-server.ts'
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
