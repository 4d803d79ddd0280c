// Single widgets for other services: one step a call.

import t, { type Test } from 'tap'
import { askAndThank, buildService, business } from '../support/build-service.ts'

interface StepOptions {
  readonly key?: string
}

async function start(t: Test) {
  const service = await buildService(t)
  const { call, publish, openConversation, client } = service
  const flow = await publish(askAndThank(true))
  let contacts = 0

  const create = async (mode: 'stepwise' | 'flow' = 'stepwise') => {
    contacts += 1
    const conversation = openConversation()
    const { status, body } = await call('POST', `/v2/Flows/${flow}/Executions`, {
      form: {
        To: `+1555300${String(contacts).padStart(4, '0')}`,
        From: business,
        Mode: mode,
        Parameters: JSON.stringify({ conversation_sid: conversation, name: 'Ada' })
      }
    })
    if (status !== 201) throw new Error(JSON.stringify(body))
    const sid: string = body.sid
    return {
      sid,
      conversation,
      execution: client.studio.v2.flows(flow).executions(sid),
      step: (form: Record<string, string>, { key }: StepOptions = {}) =>
        call('POST', `/v2/Flows/${flow}/Executions/${sid}/Steps`, {
          form,
          headers: { ...(key !== undefined && { 'idempotency-key': key }) }
        })
    }
  }

  const texts = (sid: string) => service.world.conversation(sid).messages.map(({ body }) => body)
  const post = (path: string, form: Record<string, string>) => call('POST', path, { form })
  return { ...service, flow, create, texts, post }
}

const inline = (type: string, name: string, properties: object) => ({
  Type: type,
  Name: name,
  Properties: JSON.stringify(properties)
})

t.test('one widget at a time', async t => {
  const { create, idle, say, texts, world, flow, url } = await start(t)

  await t.test('nothing runs until it is asked for', async t => {
    const { execution, conversation } = await create()
    await idle()
    t.match(await execution.fetch(), { status: 'active' })
    t.match(await execution.steps.list(), [{ name: 'incomingRequest', transitionedTo: null }])
    t.strictSame(world.conversation(conversation).webhooks, [])
  })

  await t.test('a widget of the flow, by its name', async t => {
    const { sid, step, conversation, execution } = await create()
    const resumed = await step({ Widget: 'resume' })
    t.match(resumed, {
      status: 201,
      body: {
        flow_sid: flow,
        execution_sid: sid,
        status: 'completed',
        step_sid: /^FT[0-9a-f]{32}$/,
        widget: 'resume',
        transition: 'resumed',
        variables: {
          conversation: { sid: conversation, state: 'active' },
          webhook_sid: /^WH/,
          close_channel_on_execution_end: true
        },
        problems: [],
        url: `${url}/v2/Flows/${flow}/Executions/${sid}/Steps/${resumed.body.step_sid}`
      }
    })
    t.match(await execution.steps(resumed.body.step_sid).fetch(), {
      name: 'resumed',
      transitionedFrom: 'resume',
      transitionedTo: null
    })
    t.strictSame(texts(conversation), [], 'the flow does not go on by itself')

    t.match(await step({ Widget: 'thank' }), {
      status: 201,
      body: { transition: 'sent', widget: 'thank', variables: {} }
    })
    t.equal(texts(conversation).length, 1)
  })

  await t.test('a widget given inline, checked as those of a flow are', async t => {
    const { step, conversation } = await create()
    t.match(
      await step(
        inline('resume-conversation', 'pick_up', {
          conversation_sid: '{{flow.data.conversation_sid}}',
          close_conversation_on_execution_end: 'false'
        })
      ),
      {
        status: 201,
        body: {
          widget: 'pick_up',
          transition: 'resumed',
          variables: { conversation: { sid: conversation } }
        }
      }
    )
    const body = 'Hello {{flow.data.name}}, in {{widgets.pick_up.conversation.sid}}'
    t.match(await step(inline('send-message', 'hello', { body })), {
      status: 201,
      body: {
        widget: 'hello',
        transition: 'sent',
        variables: { outbound: { Body: `Hello Ada, in ${conversation}`, Index: 0 } }
      }
    })
    t.strictSame(texts(conversation), [`Hello Ada, in ${conversation}`])
  })

  await t.test('a widget that fails says why, and the caller decides', async t => {
    const { step, execution } = await create()
    t.match(await step({ Widget: 'thank' }), {
      status: 201,
      body: { transition: 'failed', problems: [{ code: 81011, message: /Resume Conversation/ }] }
    })
    t.match(await step({ ...inline('resume-conversation', 'r', { conversation_sid: 'CH0' }) }), {
      status: 201,
      body: { transition: 'failed', problems: [{ message: /CH0/ }], variables: {} }
    })
    t.match(await execution.fetch(), { status: 'active' })
    t.match(await step({ Widget: 'resume' }), { body: { transition: 'resumed', problems: [] } })
  })

  await t.test(
    'a question waits, and the same key answers the step once there is a reply',
    async t => {
      const { step, conversation } = await create()
      await step({ Widget: 'resume' })
      const waiting = {
        status: 202,
        body: { status: 'waiting', widget: 'ask', step_sid: null, transition: null, url: null }
      }
      t.match(await step({ Widget: 'ask' }, { key: 'question' }), waiting)
      t.match(await step({ Widget: 'ask' }, { key: 'question' }), waiting)
      t.strictSame(texts(conversation), ['How are you, Ada?'], 'it was asked once')
      await say(conversation, 'Fine')
      const answered = await step({ Widget: 'ask' }, { key: 'question' })
      t.match(answered, {
        status: 201,
        body: {
          status: 'completed',
          widget: 'ask',
          transition: 'incomingMessage',
          variables: { inbound: { Body: 'Fine' } },
          url: new RegExp(answered.body.step_sid)
        }
      })
      t.strictSame(texts(conversation), ['How are you, Ada?', 'Fine'])
    }
  )

  await t.test('while one waits, another is refused; afterwards it is taken', async t => {
    const { step, conversation } = await create()
    await step({ Widget: 'resume' })
    await step({ Widget: 'ask' })
    t.match(await step({ Widget: 'thank' }), {
      status: 409,
      body: { code: 20409, message: /waiting for a reply in ask/ }
    })
    await say(conversation, 'Fine')
    t.match(await step({ Widget: 'thank' }), { status: 201, body: { transition: 'sent' } })
    t.equal(texts(conversation).at(-1), '"Fine" is noted.')
  })

  await t.test('ended by its caller, it leaves nothing behind', async t => {
    const { step, conversation, execution } = await create()
    await step({ Widget: 'resume' })
    await step({ Widget: 'ask' })
    await execution.update({ status: 'ended' })
    await idle()
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
    t.match(await step({ Widget: 'thank' }), { status: 409, body: { message: /has ended/ } })
  })
})

t.test('the same Idempotency-Key is the same step', async t => {
  const { create, texts } = await start(t)
  const { step, conversation, execution } = await create()
  await step({ Widget: 'resume' }, { key: 'first' })

  const once = await step({ Widget: 'thank' }, { key: 'second' })
  const again = await step({ Widget: 'thank' }, { key: 'second' })
  t.match(again, { status: 201, body: { step_sid: once.body.step_sid, transition: 'sent' } })
  t.equal(texts(conversation).length, 1)

  const many = await Promise.all(
    Array.from({ length: 5 }, () => step({ Widget: 'thank' }, { key: 'third' }))
  )
  t.strictSame(new Set(many.map(({ status }) => status)), new Set([201]))
  t.equal(new Set(many.map(({ body }) => body.step_sid)).size, 1)
  t.equal(texts(conversation).length, 2)

  t.not(
    (await step({ Widget: 'thank' })).body.step_sid,
    (await step({ Widget: 'thank' })).body.step_sid
  )
  t.equal((await execution.steps.list()).length, 6)

  await execution.update({ status: 'ended' })
  t.match(await step({ Widget: 'thank' }, { key: 'second' }), {
    status: 201,
    body: { step_sid: once.body.step_sid }
  })
})

t.test('two steps at once run one after the other', async t => {
  const { create, texts } = await start(t)
  const { step, conversation, execution } = await create()
  await step({ Widget: 'resume' })
  const bodies = ['one', 'two', 'three', 'four']
  const answers = await Promise.all(
    bodies.map(body => step(inline('send-message', `say_${body}`, { body })))
  )
  t.strictSame(
    answers.map(({ status, body }) => [status, body.widget, body.variables.outbound.Body]),
    bodies.map(body => [201, `say_${body}`, body])
  )
  t.strictSame([...texts(conversation)].sort(), [...bodies].sort())
  const steps = await execution.steps.list()
  t.equal(new Set(steps.map(({ sid }) => sid)).size, 6)
})

t.test('what cannot be asked for', async t => {
  const { create, publish, post, texts } = await start(t)
  const { step, sid, conversation } = await create()

  await t.test(
    '400: a widget that the flow does not have; the message lists those it has',
    async t => {
      t.match(await step({ Widget: 'nonsense' }), {
        status: 400,
        body: { code: 20001, message: /no widget nonsense; it has Trigger, resume, ask, thank/ }
      })
      t.match(await step({ Widget: 'constructor' }), { status: 400 })
    }
  )

  await t.test('400: neither a name nor a widget, or both', async t => {
    const body = { code: 20001, message: /either Widget, .* or Type, Name and Properties/ }
    t.match(await step({}), { status: 400, body })
    t.match(await step({ Widget: 'ask', Type: 'send-message' }), { status: 400, body })
    t.match(await step({ Properties: '{}' }), { status: 400, body })
  })

  await t.test('400 81022: an inline widget with faults, all at once', async t => {
    t.match(await step(inline('send-message', 'bad name', { body: 1, from: {} })), {
      status: 400,
      body: { code: 81022, details: { errors: [{ property_path: /name/ }] } }
    })
    const { body } = await step(inline('send-message', 'fine', { body: 1, from: {} }))
    t.strictSame(
      body.details.errors.map((fault: { property_path: string }) => fault.property_path).sort(),
      ['#/states/0/properties/body', '#/states/0/properties/from']
    )
    t.match(await step(inline('no-such-type', 'fine', {})), {
      status: 400,
      body: { code: 81022, details: { errors: [{ message: /no-such-type.*send-message/ }] } }
    })
    t.match(await step({ Type: 'send-message', Name: 'fine', Properties: '{"body"' }), {
      status: 400,
      body: { code: 20001, message: /Properties is not JSON/ }
    })
    t.match(await step({ Type: 'send-message', Name: 'fine', Properties: '[]' }), {
      status: 400,
      body: { code: 20001, message: /Properties must be a JSON object/ }
    })
  })

  await t.test('400: an inline widget that is to lead on', async t => {
    t.match(await step({ ...inline('send-message', 'fine', { body: 'x' }), Continue: 'true' }), {
      status: 400,
      body: { code: 20001, message: /Continue needs a Widget of the flow/ }
    })
  })

  await t.test('404: an execution of another flow', async t => {
    const other = await publish(askAndThank())
    const path = `/v2/Flows/${other}/Executions/${sid}/Steps`
    t.match(await post(path, { Widget: 'ask' }), { status: 404, body: { code: 20404 } })
  })

  await t.test('409: an execution that follows its flow', async t => {
    const flowing = await create('flow')
    t.match(await flowing.step({ Widget: 'thank' }), {
      status: 409,
      body: { code: 20409, message: /Mode=stepwise/ }
    })
    t.notMatch(texts(flowing.conversation).at(-1), /noted/)
  })

  await t.test('409: an execution that has ended', async t => {
    const ended = await create()
    await ended.execution.update({ status: 'ended' })
    t.match(await ended.step({ Widget: 'thank' }), {
      status: 409,
      body: { code: 20409, message: /has ended/ }
    })
  })

  t.strictSame(texts(conversation), [], 'nothing of all this has run')
})

t.test('Continue=true hands the execution over to its flow', async t => {
  const { create, say, idle, texts, world } = await start(t)

  await t.test('which runs to its end', async t => {
    const { step, conversation, execution } = await create()
    await step({ Widget: 'resume' })
    t.match(await step({ Widget: 'ask', Continue: 'true' }, { key: 'over' }), {
      status: 202,
      body: { status: 'waiting', widget: 'ask' }
    })
    await say(conversation, 'Fine')
    await idle()
    t.strictSame(texts(conversation), ['How are you, Ada?', 'Fine', '"Fine" is noted.'])
    t.match(await execution.fetch(), { status: 'ended' })
    t.match(world.conversation(conversation), { state: 'closed', webhooks: [] })
    t.match(await execution.steps.list(), [
      { transitionedFrom: 'thank', transitionedTo: 'Ended' },
      { transitionedFrom: 'ask', transitionedTo: 'thank' },
      { transitionedFrom: 'resume', transitionedTo: null },
      { transitionedFrom: 'Trigger', transitionedTo: null }
    ])
    t.match(await step({ Widget: 'ask', Continue: 'true' }, { key: 'over' }), {
      status: 201,
      body: { widget: 'ask', transition: 'incomingMessage' }
    })
  })

  await t.test('and takes no more steps', async t => {
    const { step, conversation } = await create()
    t.match(await step({ Widget: 'resume', Continue: 'true' }), {
      status: 201,
      body: { widget: 'resume', transition: 'resumed' }
    })
    t.match(await step({ Widget: 'thank' }), { status: 409, body: { code: 20409 } })
    t.strictSame(texts(conversation), ['How are you, Ada?'])
    await say(conversation, 'Fine')
    t.equal(texts(conversation).at(-1), '"Fine" is noted.')
  })
})
