import t from 'tap'
import { pack, unpack } from '../../src/adapters/redis/pack.ts'
import { openRedisStore } from '../../src/adapters/redis/store.ts'
import { ask, freshPrefix, redisUrl } from '../support/redis-server.ts'
import {
  claimed,
  ended,
  entryFor,
  far,
  flowSid,
  held,
  leaseMs,
  message,
  parked,
  sidsOf,
  start,
  stepOf,
  times,
  turnOf
} from './contract/samples.ts'
import { converse } from './conversation.ts'
import { keysIn, opened, storesOn } from './redis-stores.ts'
import { storeContract } from './store-contract.ts'

const url = await redisUrl(t)

storeContract(t, 'a store in Redis', storesOn({ url }))

t.test('every key has the prefix, and the hash tag of the shard that its SID names', async t => {
  const prefix = freshPrefix()
  const store = await opened(t, { url, prefix })
  await Promise.all(times(30, at => held(store, { to: `+${at}`, idempotencyKey: 'once' })))
  await Promise.all(times(30, at => parked(store, { to: `+${at}`, dueAt: far })))
  const keys = await keysIn(url, prefix)
  t.ok(keys.length > 100)
  for (const key of keys) {
    const [, shard] = /^\{[^:]+:(\d+|store)\}:/.exec(key) ?? []
    const [sid] = /FN[0-9a-f]{32}/.exec(key) ?? []
    if (sid) t.equal(Number(shard), Number.parseInt(sid.slice(2, 6), 16))
    else t.match(key, /\}:(shards|due|lists:FW1{32})$/)
  }
  t.ok(new Set(keys.map(key => key.split('}')[0])).size > 8, 'contacts spread over the shards')
})

t.test('a removed execution leaves no key and no trace in one', async t => {
  const prefix = freshPrefix()
  const store = await opened(t, { url, prefix })
  for (const at of times(3, at => at)) {
    const given = { exclusive: true, to: `+${at}` }
    const claim = await held(store, { ...given, idempotencyKey: `key ${at}` })
    const { execution } = claim
    const reply = { idempotencyKey: `reply ${at}`, instead: message(`reply ${at}`) }
    await store.executions.create(entryFor(store, { ...given, ...reply }))
    const attachment = { visit: 1, serviceSid: null, attached: true, close: true }
    const attachments = ['CH1', 'CH2'].map(conversationSid => ({ ...attachment, conversationSid }))
    const steps = times(20, at => stepOf(execution, at + 1))
    const changed = { ...execution, attachments }
    const consumed = ['never delivered', 'x'.repeat(5000)]
    await store.executions.commit(
      claim,
      turnOf(claim, { execution: at ? ended(changed) : changed, steps, consumed, hold: true })
    )
    await store.executions.deliver(execution.sid, message('IM1'), { now: start, claim: false })
    await store.executions.remove(claim)
  }
  await store.flows.saveRevision({
    flowSid,
    revision: 1,
    friendlyName: '',
    status: 'published',
    definition: {},
    faults: [],
    commitMessage: null,
    authorSid: null,
    flowCreatedAt: start,
    createdAt: start
  })
  await store.flows.removeFlow(flowSid)
  t.strictSame(await keysIn(url, prefix), [`{${prefix}:store}:shards`])
})

t.test('the number of shards is fixed by the first start', async t => {
  const prefix = freshPrefix()
  const first = await opened(t, { url, prefix, shards: 4 })
  const { sid } = await parked(first)
  await t.rejects(openRedisStore({ url, prefix, shards: 8 }), {
    message: /has 4 shards, not 8.*start with 4/
  })
  await t.rejects(openRedisStore({ url, prefix }), { message: /has 4 shards, not 16/ })
  const second = await opened(t, { url, prefix, shards: 4 })
  t.equal((await second.executions.fetch(sid))?.sid, sid)
  const foreign = await opened(t, { url, prefix: freshPrefix(), shards: 1 })
  t.equal(await foreign.executions.fetch(sid), null)
  for (const shards of [0, -1, 1.5, 70_000])
    await t.rejects(openRedisStore({ url, shards }), { message: /1 to 65536 shards/ })
  for (const prefix of ['', 'a{b', 'a b'])
    await t.rejects(openRedisStore({ url, prefix }), { message: /cannot begin a key/ })
})

t.test('due executions are claimed oldest first, whatever shard they are in', async t => {
  const store = await opened(t, { url, prefix: freshPrefix() })
  const made = await Promise.all(
    times(20, at => parked(store, { to: `+${at}`, dueAt: start + ((at * 7) % 20) }))
  )
  const oldest = times(20, at => made[(at * 3) % 20]?.sid)
  const claimed = []
  for (const limit of [1, 9, 10])
    claimed.push(...(await store.executions.claimDue(start + 20, limit)))
  t.strictSame(sidsOf(claimed.map(({ execution }) => execution)), oldest)
})

t.test('steps come back as they were, whichever claims they were saved under', async t => {
  const options = { url, prefix: freshPrefix(), leaseMs }
  const [store, peer] = [await opened(t, options), await opened(t, options)]
  const first = await held(store)
  const { execution } = first
  const steps = times(12, at => stepOf(execution, at))
  const save = (claim: typeof first, from: number, to: number, hold = true) =>
    store.executions.commit(claim, turnOf(claim, { steps: steps.slice(from, to), hold }))
  await save({ ...first }, 0, 1)
  await save(first, 1, 3)
  await save(first, 3, 4)
  await save(first, 4, 4)
  await save({ ...first }, 4, 5, false)
  const second = await claimed(peer, execution.sid, start)
  await save(second, 5, 8)
  await save(second, 8, 9)
  await save({ ...second }, 9, 10, false)
  const third = await claimed(store, execution.sid, start)
  await save(third, 10, 12, false)
  t.strictSame(await peer.executions.fetchSteps(execution.sid), steps)
})

t.test('what was packed by an earlier version can be unpacked', async t => {
  const text = '{"sid":"FT00","number":1,"parentSid":null,"widget":"ask ⏳"}'
  t.equal(unpack(pack(text)), text)
  t.equal(unpack(Buffer.from('AiMqqaKVQInF2QqP+jcr1QIA', 'base64')), text)
  t.throws(() => unpack(Buffer.from([3, 0, 0])), { message: /newer version/ })
})

t.test('waiting executions are small', async t => {
  const count = 50
  const sizeOf = async (replies: number) => {
    const prefix = freshPrefix()
    const store = await opened(t, { url, prefix, shards: 1 })
    await Promise.all(times(count, () => converse(store, replies)))
    const sizes = await ask(url, async client =>
      Promise.all((await keysIn(url, prefix)).map(key => client.memory('USAGE', key, 'SAMPLES', 0)))
    )
    return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0) / count
  }
  const [waiting, long] = [await sizeOf(0), await sizeOf(20)]
  t.comment(`waiting for its first reply: ${waiting} bytes; after 20 replies: ${long} bytes`)
  t.ok(waiting <= 3 * 1024, `${waiting} bytes`)
  t.ok(long <= 12 * 1024, `${long} bytes`)
})
