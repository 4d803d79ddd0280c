import t, { type Test } from 'tap'
import { accountSid, askAndThank, buildService, eventually } from '../support/build-service.ts'

const form = (fields: Record<string, string> = {}) => ({ form: fields })

t.test('a reconciliation says what it found and did', async t => {
  const service = await setScene(t)
  const { call, client, world, url, flow } = service
  const lost = await service.parked()
  const fine = await service.parked()
  await service.removeHooks(lost.conversation)

  const begun = await call('POST', '/reconciliations', form())
  t.equal(begun.status, 202)
  t.match(begun.body, {
    sid: /^RC[0-9a-f]{32}$/,
    account_sid: accountSid,
    status: 'running',
    scope: 'active',
    dry_run: false,
    flow_sid: null,
    execution_sid: null,
    examined: 0,
    findings: [],
    date_ended: null,
    url: `${url}/reconciliations/${begun.body.sid}`
  })
  t.equal(begun.headers.get('location'), begun.body.url)
  t.match(await service.ended(begun.body.sid), {
    sid: begun.body.sid,
    status: 'completed',
    examined: 2,
    found: { missing: 1 },
    done: { registered: 1 },
    findings: [
      {
        execution_sid: lost.sid,
        conversation_sid: lost.conversation,
        found: 'missing',
        done: 'registered',
        reason: null
      }
    ],
    error: null,
    date_ended: /Z$/
  })
  for (const { conversation } of [lost, fine])
    t.equal(world.conversation(conversation).webhooks.length, 1)
  await service.say(lost.conversation, 'Fine')
  t.equal((await client.studio.v2.flows(flow).executions(lost.sid).fetch()).status, 'ended')
})

t.test('a dry run changes nothing', async t => {
  const service = await setScene(t)
  const { conversation } = await service.parked()
  await service.removeHooks(conversation)
  const { body } = await service.call('POST', '/reconciliations', form({ DryRun: 'true' }))
  t.match(await service.ended(body.sid), {
    dry_run: true,
    found: { missing: 1 },
    done: { reported: 1 },
    findings: [{ found: 'missing', done: 'reported' }]
  })
  t.equal(service.world.conversation(conversation).webhooks.length, 0)
})

t.test('it can be about one flow, one execution, or ended ones as well; JSON will do', async t => {
  const service = await setScene(t)
  const { call, client, flow } = service
  const first = await service.parked()
  const other = await service.publish(askAndThank())
  const second = await service.parked(other)
  const third = await service.parked(other)
  await client.studio.v2.flows(other).executions(third.sid).update({ status: 'ended' })
  await service.idle()
  const examined = async (fields: Record<string, string | boolean>) => {
    const { body, status } = await call('POST', '/reconciliations', {
      text: JSON.stringify(fields),
      headers: { 'content-type': 'application/json' }
    })
    t.equal(status, 202, body.message)
    const { examined, status: end, done } = await service.ended(body.sid)
    t.match({ end, done }, { end: 'completed', done: {} })
    return examined
  }
  t.equal(await examined({}), 2)
  t.equal(await examined({ Scope: 'all' }), 3)
  t.equal(await examined({ FlowSid: flow }), 1)
  t.equal(await examined({ FlowSid: other, Scope: 'all' }), 2)
  for (const { sid } of [first, second, third])
    t.equal(await examined({ ExecutionSid: sid, DryRun: true }), 1)
})

t.test('only one runs at a time', async t => {
  const service = await setScene(t)
  await service.parked()
  service.world.faults.add([{ call: 'GET Webhooks', delay: 300 }])
  const first = await service.call('POST', '/reconciliations', form())
  const second = await service.call('POST', '/reconciliations', form({ Scope: 'all' }))
  t.match(second, { status: 409, body: { code: 20409, status: 409 } })
  t.match(second.body.message, `Reconciliation ${first.body.sid} is running`)
  await service.ended(first.body.sid)
  const third = await service.call('POST', '/reconciliations', form())
  t.equal(third.status, 202)
  await service.ended(third.body.sid)
  const gone = await service.call('GET', `/reconciliations/${first.body.sid}`)
  t.match(gone, { status: 404, body: { code: 20404, message: /only the latest one is kept/ } })
})

t.test('what makes no sense is refused, in the usual shape', async t => {
  const { call, flow } = await setScene(t)
  const post = (fields: Record<string, string>) => call('POST', '/reconciliations', form(fields))
  const unknown = { FN: `FN${'0'.repeat(32)}`, FW: `FW${'0'.repeat(32)}` }
  t.match(await post({ Scope: 'some' }), {
    status: 400,
    body: { code: 20001, message: /active, all/ }
  })
  t.match(await post({ FlowSid: 'FW1' }), { status: 400, body: { code: 20001 } })
  t.match(await post({ FlowSid: unknown.FW }), { status: 404, body: { code: 20404 } })
  t.match(await post({ ExecutionSid: unknown.FN }), { status: 404, body: { code: 20404 } })
  t.match(await post({ ExecutionSid: unknown.FN, FlowSid: flow }), { status: 404 })
  t.match(await call('GET', `/reconciliations/RC${'0'.repeat(32)}`), { status: 404 })
  t.match(await call('GET', '/reconciliations/x'), { status: 404, body: { code: 20404 } })
})

t.test('nobody gets in without credentials', async t => {
  const service = await setScene(t)
  const headers = { authorization: '' }
  for (const [method, path] of [
    ['POST', '/reconciliations'],
    ['GET', `/reconciliations/RC${'0'.repeat(32)}`]
  ] as const)
    t.match(await service.call(method, path, { headers }), { status: 401, body: { code: 20003 } })
})

async function setScene(t: Test) {
  const service = await buildService(t)
  const flow = await service.publish(askAndThank())
  let people = 0
  return {
    ...service,
    flow,

    /** An execution that waits for a reply. */
    async parked(flowSid = flow) {
      const conversation = service.openConversation()
      const to = `+1555300${String(++people).padStart(4, '0')}`
      const parameters = { conversation_sid: conversation, name: 'Ada' }
      const { sid } = await service.trigger(flowSid, parameters, to)
      await service.idle()
      return { sid, conversation }
    },

    async removeHooks(conversation: string) {
      const { webhooks } = service.client.conversations.v1.conversations(conversation)
      for (const { sid } of await webhooks.list()) await webhooks(sid).remove()
    },

    /** The reconciliation, when it is over. */
    ended: (sid: string) =>
      eventually(async () => {
        const { body, status } = await service.call('GET', `/reconciliations/${sid}`)
        t.equal(status, 200)
        return body.status === 'running' ? null : body
      })
  }
}
