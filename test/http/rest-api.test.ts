// Studio's REST API as the official SDK sees it. What each answer holds is checked by `buildService`.

import t from 'tap'
import { request } from 'undici'
import {
  accountSid,
  askAndThank,
  authToken,
  basic,
  buildService,
  business,
  customer,
  eventually,
  flowOf
} from '../support/build-service.ts'

const noted = flowOf([
  'note',
  'set-variables',
  { variables: [{ key: 'seen', value: 'yes' }] },
  { next: null }
])

t.test('flows', async t => {
  const { client, publish, trigger, call, url, idle, world, openConversation } =
    await buildService(t)
  const { flows, flowValidate } = client.studio.v2

  await t.test('a flow is created, and fetched as it was saved', async t => {
    const created = await flows.create({
      friendlyName: 'Reminder',
      status: 'published',
      definition: noted,
      commitMessage: 'first'
    })
    t.match(created, {
      sid: /^FW[0-9a-f]{32}$/,
      friendlyName: 'Reminder',
      status: 'published',
      revision: 1,
      commitMessage: 'first',
      valid: true,
      errors: [],
      warnings: [],
      url: `${url}/v2/Flows/${created.sid}`
    })
    const fetched = await flows(created.sid).fetch()
    t.strictSame(fetched.toJSON(), created.toJSON())
    t.strictSame(fetched.definition, noted)
  })

  await t.test('an update saves a revision, and leaves what it does not name', async t => {
    const sid = await publish(noted)
    const renamed = await flows(sid).update({ status: 'published', friendlyName: 'Another name' })
    t.match(renamed, { revision: 2, friendlyName: 'Another name', definition: noted })
    const changed = await flows(sid).update({
      status: 'draft',
      definition: askAndThank(),
      commitMessage: 'asks'
    })
    t.match(changed, { revision: 3, friendlyName: 'Another name', status: 'draft' })
    t.strictSame((await flows(sid).revisions('1').fetch()).definition, noted)
    t.equal(String(changed.dateCreated), String(renamed.dateCreated))
  })

  await t.test('a revision knows its author, the last one who was named', async t => {
    const [ada, grace] = [`US${'a'.repeat(32)}`, `US${'b'.repeat(32)}`]
    const created = await flows.create({
      friendlyName: 'Reminder',
      status: 'published',
      definition: noted,
      authorSid: ada
    })
    t.equal(created.authorSid, ada)
    const flow = flows(created.sid)
    t.equal((await flow.update({ status: 'published' })).authorSid, ada)
    t.equal((await flow.update({ status: 'draft', authorSid: grace })).authorSid, grace)
    t.equal((await flow.revisions('1').fetch()).authorSid, ada)
    t.equal((await flows(await publish(noted)).fetch()).authorSid, null)
    await t.rejects(flow.update({ status: 'draft', authorSid: 'Ada' }), { code: 20001 })
  })

  await t.test('test users are saved, replaced, and taken away', async t => {
    const sid = await publish(noted)
    const testUsers = flows(sid).testUsers()
    t.match(await testUsers.fetch(), {
      sid,
      testUsers: [],
      url: `${url}/v2/Flows/${sid}/TestUsers`
    })
    const one = ['+15550001111']
    const several = ['+15550001111', 'whatsapp:+15550002222', 'ada & co']
    for (const addresses of [one, several, ['chat-user']]) {
      t.strictSame((await testUsers.update({ testUsers: addresses })).testUsers, addresses)
      t.strictSame((await testUsers.fetch()).testUsers, addresses)
    }
    t.strictSame((await testUsers.update({ testUsers: [''] })).testUsers, [])
    t.strictSame((await testUsers.fetch()).testUsers, [])
    const path = `/v2/Flows/${sid}/TestUsers`
    t.match(await call('POST', path, { form: {} }), { status: 400, body: { code: 20001 } })
    t.match(await call('POST', path, { form: { TestUsers: 'x'.repeat(257) } }), { status: 400 })
    const nobody = flows(`FW${'0'.repeat(32)}`).testUsers()
    await t.rejects(nobody.fetch(), { code: 20404 })
    await t.rejects(nobody.update({ testUsers: one }), { code: 20404 })
    await testUsers.update({ testUsers: one })
    await flows(sid).remove()
    await t.rejects(testUsers.fetch(), { code: 20404 })
  })

  await t.test('revisions are listed newest first, and fetched by number or by name', async t => {
    const sid = await publish(noted)
    await flows(sid).update({ status: 'published', commitMessage: 'second' })
    await flows(sid).update({ status: 'draft', commitMessage: 'third' })
    // The SDK, in its version 6.2, cannot read any list of revisions.
    const { body } = await call('GET', `/v2/Flows/${sid}/Revisions?PageSize=2`)
    t.match(body, { meta: { key: 'revisions' }, revisions: [{ revision: 3 }, { revision: 2 }] })
    const next = await call('GET', body.meta.next_page_url.slice(url.length))
    t.match(next.body, { revisions: [{ revision: 1 }], meta: { next_page_url: null } })
    t.match(await flows(sid).revisions('2').fetch(), {
      commitMessage: 'second',
      status: 'published'
    })
    t.match(await flows(sid).revisions('LatestPublished').fetch(), { revision: 2 })
    t.match(await flows(sid).revisions('LatestRevision').fetch(), { revision: 3 })
  })

  await t.test('a definition is validated without being saved', async t => {
    const before = (await flows.list()).length
    const { valid } = await flowValidate.update({
      friendlyName: 'Reminder',
      status: 'published',
      definition: noted
    })
    t.equal(valid, true)
    t.equal((await flows.list()).length, before)
  })

  await t.test('a faulty draft is saved with its faults', async t => {
    const definition = { ...noted, initial_state: 'Nowhere' }
    const draft = await flows.create({ friendlyName: 'Draft', status: 'draft', definition })
    t.match(draft, { valid: false, errors: [{ property_path: '#/initial_state' }] })
    t.strictSame((await flows(draft.sid).fetch()).definition, definition)
  })

  await t.test('a removed flow is gone, and its active executions have ended', async t => {
    const conversation = openConversation('+15550003001')
    const sid = await publish(askAndThank())
    const execution = await trigger(sid, { conversation_sid: conversation }, '+15550003001')
    await idle()
    t.equal(world.conversation(conversation).webhooks.length, 1)
    t.equal(await flows(sid).remove(), true)
    await idle()
    t.equal(world.conversation(conversation).webhooks.length, 0)
    await t.rejects(flows(sid).fetch(), { code: 20404 })
    await t.rejects(flows(sid).remove(), { code: 20404 })
    t.equal((await flows(sid).executions(execution.sid).fetch()).status, 'ended')
  })

  await t.test('PUT creates a flow under a given SID, then replaces it', async t => {
    const sid = `FW${'ab'.repeat(16)}`
    const form = (FriendlyName: string, definition: object) => ({
      form: { FriendlyName, Status: 'published', Definition: JSON.stringify(definition) }
    })
    const created = await call('PUT', `/v2/Flows/${sid}`, form('One', noted))
    t.match(created, { status: 200, body: { sid, revision: 1, friendly_name: 'One' } })
    const replaced = await call('PUT', `/v2/Flows/${sid}`, form('Two', askAndThank()))
    t.match(replaced, { status: 200, body: { sid, revision: 2, friendly_name: 'Two' } })
    t.strictSame((await flows(sid).fetch()).definition, askAndThank())
    t.strictSame((await flows(sid).revisions('1').fetch()).definition, noted)
  })

  await t.test('flows are listed newest first over many pages', async t => {
    const made: string[] = []
    for (let count = 0; count < 5; count += 1) made.unshift(await publish(noted))
    const listed = (await flows.list({ pageSize: 2 })).map(({ sid }) => sid)
    const known = listed.filter(sid => made.includes(sid))
    t.strictSame([...known].sort(), [...made].sort())
    t.equal(new Set(listed).size, listed.length)
    const dates = (await flows.list()).map(({ dateCreated }) => dateCreated.getTime())
    t.strictSame(
      dates,
      dates.toSorted((a, b) => b - a)
    )
  })
})

t.test('executions', async t => {
  const { client, publish, trigger, call, url, idle, say, openConversation, world } =
    await buildService(t)
  const asking = await publish(askAndThank())
  const { executions } = client.studio.v2.flows(asking)

  await t.test('an execution is created, fetched, and followed to its end', async t => {
    const conversation = openConversation()
    const created = await executions.create({
      to: customer,
      from: business,
      parameters: { conversation_sid: conversation, name: 'Ada & Grace', list: [1, { two: null }] }
    })
    t.match(created, {
      sid: /^FN[0-9a-f]{32}$/,
      flowSid: asking,
      status: 'active',
      contactChannelAddress: customer,
      contactSid: /^FC[0-9a-f]{32}$/,
      flowVersion: 1,
      context: {},
      initiatedBy: /^RQ[0-9a-f]{32}$/,
      url: `${url}/v2/Flows/${asking}/Executions/${created.sid}`
    })
    await idle()
    t.match(await executions(created.sid).fetch(), { sid: created.sid, status: 'active' })
    t.match(world.conversation(conversation), { messages: [{ body: 'How are you, Ada & Grace?' }] })
    await say(conversation, 'Fine')
    t.match(await executions(created.sid).fetch(), { status: 'ended' })
    t.match(world.conversation(conversation), {
      state: 'active',
      webhooks: [],
      messages: [{}, { body: 'Fine' }, { body: '"Fine" is noted.' }]
    })
  })

  await t.test('the context is that of templates', async t => {
    const conversation = openConversation()
    const parameters = { conversation_sid: conversation, name: 'Ada', deep: { list: [1, null] } }
    const { sid } = await trigger(asking, parameters)
    await idle()
    const { context } = await executions(sid).executionContext().fetch()
    t.match(context, {
      flow: {
        sid,
        flow_sid: asking,
        data: parameters,
        channel: { sid: conversation, address: business }
      },
      contact: { channel: { address: customer } },
      trigger: { request: { to: customer, from: business, parameters } },
      widgets: { resume: { conversation: { sid: conversation }, webhook_sid: /^WH/ } }
    })
    await executions(sid).update({ status: 'ended' })
  })

  await t.test(
    'steps are listed newest first, and show what templates found after each',
    async t => {
      const conversation = openConversation()
      const { sid } = await trigger(asking, { conversation_sid: conversation, name: 'Ada' })
      await idle()
      await say(conversation, 'Fine')
      const { steps } = executions(sid)
      const listed = await steps.list({ pageSize: 3 })
      t.match(listed, [
        { name: 'sent', transitionedFrom: 'thank', transitionedTo: 'Ended', type: 'send-message' },
        { name: 'incomingMessage', transitionedFrom: 'ask', transitionedTo: 'thank' },
        { name: 'resumed', transitionedFrom: 'resume', transitionedTo: 'ask' },
        {
          name: 'incomingRequest',
          transitionedFrom: 'Trigger',
          type: 'trigger',
          parentStepSid: null
        }
      ])
      t.equal(listed.length, 4)
      const [, answered, resumed] = listed
      if (!answered || !resumed) throw new Error('There must be four steps')
      t.strictSame((await steps(answered.sid).fetch()).toJSON(), answered.toJSON())
      const before = await steps(resumed.sid).stepContext().fetch()
      const after = await steps(answered.sid).stepContext().fetch()
      t.equal(before.context.widgets.ask, undefined)
      t.match(after.context.widgets.ask, { inbound: { Body: 'Fine' } })
    }
  )

  await t.test('an execution that is ended by its caller leaves nothing behind', async t => {
    const conversation = openConversation()
    const closing = await publish(askAndThank(true))
    const { sid } = await trigger(closing, { conversation_sid: conversation })
    await idle()
    const execution = client.studio.v2.flows(closing).executions(sid)
    t.match(await execution.update({ status: 'ended' }), { status: 'ended' })
    await idle()
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
  })

  await t.test('a removed execution is gone, with its webhook', async t => {
    const conversation = openConversation()
    const { sid } = await trigger(asking, { conversation_sid: conversation })
    await idle()
    t.equal(await executions(sid).remove(), true)
    await idle()
    await t.rejects(executions(sid).fetch(), { code: 20404 })
    await t.rejects(executions(sid).executionContext().fetch(), { code: 20404 })
    await t.rejects(executions(sid).steps.list(), { code: 20404 })
    t.strictSame(await executions.list({ status: 'active' }), [])
    t.strictSame(world.conversation(conversation).webhooks, [])
  })

  await t.test('one that has ended is removed as well', async t => {
    const { sid, flowSid } = await trigger(await publish(noted))
    await idle()
    const ended = client.studio.v2.flows(flowSid).executions(sid)
    t.equal(await ended.remove(), true)
    await t.rejects(ended.fetch(), { code: 20404 })
    await t.rejects(ended.remove(), { code: 20404 })
  })

  await t.test('executions are found by their status, date, contact and Conversation', async t => {
    const flow = await publish(askAndThank())
    const conversation = openConversation('+15550004001')
    const first = await trigger(flow, { conversation_sid: conversation }, '+15550004001')
    const second = await trigger(flow, {}, '+15550004002')
    await idle()
    const list = async (query: Parameters<typeof executions.list>[0] | object) =>
      (await client.studio.v2.flows(flow).executions.list(query)).map(({ sid }) => sid)
    t.strictSame(await list({ status: 'active' }), [first.sid])
    t.strictSame(await list({ status: 'ended' }), [second.sid])
    const hour = 3_600_000
    t.strictSame(await list({ dateCreatedFrom: new Date(Date.now() + hour) }), [])
    t.equal((await list({ dateCreatedFrom: new Date(Date.now() - hour) })).length, 2)
    t.strictSame(await list({ dateCreatedTo: new Date(Date.now() - hour) }), [])
    const found = async (query: string) => {
      const { body } = await call('GET', `/v2/Flows/${flow}/Executions?${query}`)
      return body.executions.map(({ sid }: { sid: string }) => sid)
    }
    t.strictSame(await found(`ConversationSid=${conversation}`), [first.sid])
    t.strictSame(await found('To=%2B15550004002'), [second.sid])
    t.strictSame(await found('Status=ended'), [second.sid])
    t.strictSame(await found('ConversationSid=CH0&status=active'), [])
    await client.studio.v2.flows(flow).executions(first.sid).update({ status: 'ended' })
  })

  await t.test('an execution stays on its revision while a new one is published', async t => {
    const flow = await publish(askAndThank())
    const conversation = openConversation('+15550004003')
    const before = await trigger(flow, { conversation_sid: conversation }, '+15550004003')
    await idle()
    await client.studio.v2.flows(flow).update({ status: 'published', definition: noted })
    const after = await trigger(flow, {}, '+15550004004')
    t.match([before.flowVersion, after.flowVersion], [1, 2])
    await say(conversation, 'Still here')
    t.match(world.conversation(conversation).messages.at(-1), { body: '"Still here" is noted.' })
  })

  await t.test(
    'a draft is run by nobody, and the revision published before it still is',
    async t => {
      const flow = await publish(noted)
      await client.studio.v2.flows(flow).update({ status: 'draft', definition: askAndThank() })
      t.match(await trigger(flow, {}, '+15550004005'), { flowVersion: 1 })
    }
  )
})

t.test('pages', async t => {
  const { client, publish, trigger, call, url } = await buildService(t)
  const flow = await publish(noted)
  const { executions } = client.studio.v2.flows(flow)
  const made: string[] = []
  const make = async () => {
    const { sid } = await trigger(flow, {}, `+1555000${5000 + made.length}`)
    made.unshift(sid)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  for (let count = 0; count < 7; count += 1) await make()

  await t.test('a list goes over all pages, newest first', async t => {
    const listed = await executions.list({ pageSize: 3 })
    t.strictSame(
      listed.map(({ sid }) => sid),
      made
    )
    t.equal((await executions.list({ limit: 4, pageSize: 3 })).length, 4)
  })

  await t.test('pages stay as they are while executions are created in front of them', async t => {
    const expected = [...made]
    const first = await executions.page({ pageSize: 3 })
    await make()
    await make()
    const second = await first.nextPage()
    const third = await second?.nextPage()
    const sids = [first, second, third].flatMap(page => page?.instances.map(({ sid }) => sid))
    t.strictSame(sids, expected)
    t.equal(third?.nextPageUrl, undefined)
  })

  await t.test('the way back leads to the same pages, and on to what is new', async t => {
    const sids = (page?: { instances: { sid: string }[] }) => page?.instances.map(({ sid }) => sid)
    const first = await executions.page({ pageSize: 4 })
    const second = await first.nextPage()
    t.strictSame(sids(await second?.previousPage()), sids(first))
    t.equal(first.previousPageUrl, undefined)
    await make()
    const back = await second?.previousPage()
    t.strictSame(sids(back), sids(first))
    t.strictSame(sids(await back?.previousPage()), made.slice(0, 1))
  })

  await t.test('a page says where it is', async t => {
    const list = `${url}/v2/Flows/${flow}/Executions`
    const { body } = await call('GET', `/v2/Flows/${flow}/Executions?PageSize=2&status=ended`)
    t.match(body.meta, {
      page: 0,
      page_size: 2,
      key: 'executions',
      first_page_url: `${list}?PageSize=2&status=ended&Page=0`,
      url: `${list}?PageSize=2&status=ended&Page=0`,
      previous_page_url: null,
      next_page_url: /PageSize=2&status=ended&Page=1&PageToken=/
    })
    const all = await call('GET', `/v2/Flows/${flow}/Executions?PageSize=1000`)
    t.match(all.body.meta, { next_page_url: null, previous_page_url: null })
    t.equal(all.body.executions.length, made.length)
  })

  await t.test('an empty list is a page as well', async t => {
    const { body } = await call('GET', `/v2/Flows/${flow}/Executions?To=nobody`)
    t.match(body, { executions: [], meta: { next_page_url: null, previous_page_url: null } })
  })
})

t.test('ConflictPolicy', async t => {
  const { publish, call, idle, openConversation, client, world } = await buildService(t)
  const flow = await publish(askAndThank())
  let contacts = 0
  const setUp = async () => {
    contacts += 1
    const to = `+1555000${6000 + contacts}`
    const conversation = openConversation(to)
    const create = (fields: object = {}, headers = {}) =>
      call('POST', `/v2/Flows/${flow}/Executions`, {
        form: {
          To: to,
          From: business,
          Parameters: JSON.stringify({ conversation_sid: conversation }),
          ...fields
        },
        headers
      })
    const active = await create()
    await idle()
    return { to, conversation, create, active: active.body.sid as string }
  }
  const statusOf = async (sid: string) =>
    (await client.studio.v2.flows(flow).executions(sid).fetch()).status

  await t.test('reject is the default: the contact is busy', async t => {
    const { create, active } = await setUp()
    const details = { conflicting_execution_sid: active }
    t.match(await create(), { status: 409, body: { code: 20409, details } })
    t.match(await create({ ConflictPolicy: 'reject' }), { status: 409, body: { details } })
    t.equal(await statusOf(active), 'active')
  })

  await t.test('replace ends the active one, with all its teardown, and starts anew', async t => {
    const { create, active, conversation } = await setUp()
    const { status, body } = await create({ ConflictPolicy: 'replace' })
    await idle()
    t.equal(status, 201)
    t.not(body.sid, active)
    t.equal(await statusOf(active), 'ended')
    t.equal(await statusOf(body.sid), 'active')
    const { webhooks } = world.conversation(conversation)
    t.match(webhooks, [{ url: new RegExp(body.sid) }])
    t.equal(webhooks.length, 1)
  })

  await t.test('replace needs nothing to replace', async t => {
    const form = { To: '+15550006999', From: business, ConflictPolicy: 'replace' }
    t.match(await call('POST', `/v2/Flows/${flow}/Executions`, { form }), { status: 201 })
  })

  await t.test('parallel starts another one beside it', async t => {
    const { create, active } = await setUp()
    const { status, body } = await create({ ConflictPolicy: 'parallel' })
    t.equal(status, 201)
    t.not(body.sid, active)
    t.equal(await statusOf(active), 'active')
    t.match(await create(), { status: 409 })
  })

  await t.test('the same address in another flow, or from another number, is free', async t => {
    const { to, create } = await setUp()
    t.match(await create({ From: '+15550002223' }), { status: 201 })
    const other = await publish(noted)
    const form = { To: to, From: business }
    t.match(await call('POST', `/v2/Flows/${other}/Executions`, { form }), { status: 201 })
  })

  await t.test('the same Idempotency-Key is the same execution, whatever came of it', async t => {
    const { to, create, active } = await setUp()
    const key = { 'idempotency-key': 'order 7' }
    t.match(await create({}, key), { status: 409 })
    await client.studio.v2.flows(flow).executions(active).update({ status: 'ended' })
    const first = await create({}, key)
    t.equal(first.status, 201)
    t.match(await create({}, key), { status: 201, body: { sid: first.body.sid } })
    await client.studio.v2.flows(flow).executions(first.body.sid).update({ status: 'ended' })
    t.match(await create({}, key), { status: 201, body: { sid: first.body.sid, status: 'ended' } })
    const other = await create({ To: `${to}9` }, key)
    t.equal(other.status, 201)
    t.not(other.body.sid, first.body.sid)
    t.not((await create({}, { 'idempotency-key': 'order 8' })).body.sid, first.body.sid)
  })

  await t.test('many creates with one Idempotency-Key at once make one execution', async t => {
    const form = { To: '+15550006998', From: business }
    const headers = { 'idempotency-key': 'once' }
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        call('POST', `/v2/Flows/${flow}/Executions`, { form, headers })
      )
    )
    t.strictSame(new Set(answers.map(({ status }) => status)), new Set([201]))
    t.equal(new Set(answers.map(({ body }) => body.sid)).size, 1)
  })
})

t.test('links keep https where a proxy in front of the service ends TLS', async t => {
  const { url, publish } = await buildService(t, {
    environment: { PUBLIC_URL: 'https://reprise.example.com' }
  })
  const sid = await publish(askAndThank())
  const authorization = basic(accountSid, authToken)
  const links = async (host: string) => {
    const headers = { host, authorization }
    const response = await request(`${url}/v2/Flows/${sid}`, { headers })
    return ((await response.body.json()) as { url: string }).url
  }
  t.equal(await links('reprise.example.com'), `https://reprise.example.com/v2/Flows/${sid}`)
  t.equal(await links('inside:3000'), `http://inside:3000/v2/Flows/${sid}`)
})

t.test('more triggers than the operator allows get 429, and nothing is started', async t => {
  const { publish, trigger, call } = await buildService(t, {
    environment: { MAX_TRIGGERS_PER_SECOND: '5' }
  })
  const sid = await publish(askAndThank())
  const tries = Array.from({ length: 20 }, (_, at) => trigger(sid, {}, `+1555${at}`))
  const outcomes = await Promise.allSettled(tries)
  const refused = outcomes.filter(outcome => outcome.status === 'rejected')
  t.ok(refused.length >= 10, 'most came within one second')
  for (const { reason } of refused) t.match(reason, { status: 429, code: 20429 })
  const { body } = await call('GET', `/v2/Flows/${sid}/Executions`)
  t.equal(body.executions.length, 20 - refused.length)
})

t.test('a flow is warned of subflows within subflows, which Studio does not know', async t => {
  const { client, publish } = await buildService(t)
  const calling = (flow_sid: string) =>
    flowOf(['call', 'run-subflow', { flow_sid }, { completed: null, failed: null }])
  const one = await publish(calling(await publish(askAndThank())))
  const flows = client.studio.v2.flows
  t.same((await flows(one).fetch()).warnings, [])
  const two = await publish(calling(one))
  t.match((await flows(two).fetch()).warnings, [
    { property_path: '#/states/1/properties/flow_sid', message: one }
  ])
})

t.test('a flow made again under the SID of a deleted one runs as it is now', async t => {
  const { client, call, trigger } = await buildService(t)
  const sid = `FW${'d'.repeat(32)}`
  const firstStepAfter = async (widget: string, to: string) => {
    const definition = flowOf([widget, 'set-variables', { variables: [] }, { next: null }])
    const form = { FriendlyName: 'F', Status: 'published', Definition: JSON.stringify(definition) }
    t.match(await call('PUT', `/v2/Flows/${sid}`, { form }), { status: 200, body: { revision: 1 } })
    const execution = await trigger(sid, {}, to)
    const { steps } = client.studio.v2.flows(sid).executions(execution.sid)
    await eventually(async () => (await steps.list()).length === 2)
    return (await steps.list())[0]?.transitionedFrom
  }
  t.equal(await firstStepAfter('before', '+15550000071'), 'before')
  await client.studio.v2.flows(sid).remove()
  t.equal(await firstStepAfter('after', '+15550000072'), 'after')
})
