// Every error that callers can meet: its status, its code, and words that help. The shape of the body is checked by
// `buildService`.

import { connect } from 'node:net'
import t from 'tap'
import { StoreUnavailable } from '../../src/runtime/errors.ts'
import {
  accountSid,
  askAndThank,
  authToken,
  basic,
  buildService,
  business,
  customer,
  flowOf,
  keySecret,
  keySid
} from '../support/build-service.ts'

const nobody = '0'.repeat(32)
const quiet = flowOf(['note', 'set-variables', { variables: [] }, { next: null }])

t.test('credentials', async t => {
  const others = [`SK${'a'.repeat(32)}`, `SK${'b'.repeat(32)}`] as const
  const { call, client } = await buildService(t, {
    environment: {
      TWILIO_API_KEY: keySid,
      TWILIO_API_SECRET: keySecret,
      API_KEYS: `${others[0]}:one,${others[1]}:two:with:colons`
    }
  })
  const as = (authorization: string) => call('GET', '/v2/Flows', { headers: { authorization } })
  const refused = {
    status: 401,
    body: { code: 20003, status: 401, more_info: 'https://www.twilio.com/docs/errors/20003' }
  }

  await t.test('the account, its API key, and every key of API_KEYS may call', async t => {
    for (const [user, secret] of [
      [accountSid, authToken],
      [keySid, keySecret],
      [others[0], 'one'],
      [others[1], 'two:with:colons']
    ] as const) {
      t.match(await as(basic(user, secret)), { status: 200 }, user)
    }
    t.match(await as(basic(accountSid, authToken).replace('Basic', 'bAsIc')), { status: 200 })
  })

  await t.test('without credentials nobody gets in', async t => {
    const answer = await as('')
    t.match(answer, refused)
    t.equal(answer.headers.get('www-authenticate'), 'Basic realm="Reprise"')
  })

  await t.test('a secret opens only with the name it belongs to', async t => {
    const wrong = [
      basic(accountSid, 'wrong'),
      basic(accountSid, ''),
      basic('', authToken),
      basic(accountSid, keySecret),
      basic(keySid, authToken),
      basic(others[0], 'two:with:colons'),
      basic(others[1], 'two'),
      basic(`${accountSid}:${authToken}`, ''),
      `Bearer ${authToken}`,
      `Digest ${basic(accountSid, authToken).slice('Basic '.length)}`,
      'Basic',
      'Basic !!!!'
    ]
    for (const authorization of wrong) t.match(await as(authorization), refused, authorization)
  })

  await t.test('who may not call changes nothing, on any route', async t => {
    const headers = { authorization: basic(accountSid, 'wrong') }
    const form = {
      FriendlyName: 'Mine',
      Status: 'published',
      Definition: JSON.stringify(quiet),
      To: customer,
      From: business
    }
    for (const [method, path] of [
      ['POST', '/v2/Flows'],
      ['PUT', `/v2/Flows/FW${nobody}`],
      ['DELETE', `/v2/Flows/FW${nobody}`],
      ['POST', `/v2/Flows/FW${nobody}/Executions`],
      ['POST', `/v2/Flows/FW${nobody}/Executions/FN${nobody}`],
      ['DELETE', `/v2/Flows/FW${nobody}/Executions/FN${nobody}`],
      ['POST', `/v2/Flows/FW${nobody}/Executions/FN${nobody}/Steps`],
      ['GET', `/v2/Flows/FW${nobody}/Executions/FN${nobody}/Diagnosis`]
    ] as const) {
      const input = method === 'GET' || method === 'DELETE' ? { headers } : { headers, form }
      t.match(await call(method, path, input), refused, `${method} ${path}`)
    }
    t.strictSame(await client.studio.v2.flows.list(), [])
  })
})

t.test('404: there is no such thing', async t => {
  const { call, publish, trigger } = await buildService(t)
  const flow = await publish(quiet)
  const other = await publish(quiet)
  const { sid } = await trigger(flow)
  const at = `/v2/Flows/${flow}/Executions`

  await t.test('whatever is asked of it', async t => {
    const fields = { To: customer, From: business, Widget: 'note' }
    for (const [method, path] of [
      ['GET', `/v2/Flows/FW${nobody}`],
      ['POST', `/v2/Flows/FW${nobody}`],
      ['DELETE', `/v2/Flows/FW${nobody}`],
      ['GET', `/v2/Flows/FW${nobody}/Revisions`],
      ['GET', `/v2/Flows/FW${nobody}/Revisions/1`],
      ['GET', `/v2/Flows/${flow}/Revisions/2`],
      ['POST', `/v2/Flows/FW${nobody}/Executions`],
      ['GET', `/v2/Flows/FW${nobody}/Executions`],
      ['GET', `/v2/Flows/FW${nobody}/Executions/${sid}`],
      ['GET', `/v2/Flows/${other}/Executions/${sid}`],
      ['GET', `${at}/FN${nobody}`],
      ['POST', `${at}/FN${nobody}`],
      ['DELETE', `${at}/FN${nobody}`],
      ['GET', `${at}/FN${nobody}/Context`],
      ['GET', `${at}/FN${nobody}/Diagnosis`],
      ['GET', `${at}/FN${nobody}/Steps`],
      ['POST', `${at}/FN${nobody}/Steps`],
      ['GET', `${at}/${sid}/Steps/FT${nobody}`],
      ['GET', `${at}/${sid}/Steps/FT${sid.slice(2, 30)}ffff`],
      ['GET', `${at}/${sid}/Steps/FT${nobody}/Context`]
    ] as const) {
      const Status = path.includes('Executions') ? 'ended' : 'draft'
      const answer = await call(
        method,
        path,
        method === 'POST' ? { form: { ...fields, Status } } : {}
      )
      t.match(
        answer,
        { status: 404, body: { code: 20404, message: /FW|FN|FT/ } },
        `${method} ${path}`
      )
    }
  })

  await t.test('what cannot be a SID names nothing', async t => {
    for (const path of [
      '/v2/Flows/FW123',
      `/v2/Flows/${flow.toLowerCase()}`,
      `${at}/${flow}`,
      `/v2/Flows/FW${nobody}%00`
    ])
      t.match(
        await call('GET', path),
        {
          status: 404,
          body: { code: 20404, message: /^The requested resource GET .+ was not found$/ }
        },
        path
      )
  })

  await t.test('an unknown path is named', async t => {
    t.match(await call('GET', '/v2/Nothing?Page=1'), {
      status: 404,
      body: { code: 20404, message: /GET \/v2\/Nothing was not found/ }
    })
    t.match(await call('PATCH', `/v2/Flows/${flow}`), { status: 404, body: { code: 20404 } })
    t.match(await call('GET', '/'), { status: 404, body: { code: 20404 } })
  })
})

t.test('409: it cannot be done now', async t => {
  const { call, publish, trigger, idle, openConversation, client } = await buildService(t)
  const flow = await publish(askAndThank())

  await t.test('a contact with an active execution is busy, and the answer says which', async t => {
    const { sid } = await trigger(flow, { conversation_sid: openConversation() })
    await idle()
    const form = { To: customer, From: business }
    t.match(await call('POST', `/v2/Flows/${flow}/Executions`, { form }), {
      status: 409,
      body: {
        code: 20409,
        message: new RegExp(`${sid} is already active`),
        details: { conflicting_execution_sid: sid }
      }
    })
    await t.rejects(trigger(flow), { code: 20409 })
    await client.studio.v2.flows(flow).executions(sid).update({ status: 'ended' })
    t.match(
      await call('POST', `/v2/Flows/${flow}/Executions/${sid}`, { form: { Status: 'ended' } }),
      {
        status: 409,
        body: { code: 20409, message: /ended already/ }
      }
    )
  })

  await t.test('a flow that has only drafts cannot be started', async t => {
    const draft = await publish(quiet, 'draft')
    const form = { To: customer, From: business }
    t.match(await call('POST', `/v2/Flows/${draft}/Executions`, { form }), {
      status: 409,
      body: { code: 20409, message: /only drafts; publish it/ }
    })
  })
})

t.test('400: the request is wrong, and the message names the field', async t => {
  const { call, publish, trigger, client } = await buildService(t)
  const flow = await publish(quiet)
  const { sid } = await trigger(flow)
  const executions = `/v2/Flows/${flow}/Executions`
  const good = { To: customer, From: business }

  await t.test('81022: a faulty definition, all its faults at once', async t => {
    const faulty = {
      initial_state: 'Nowhere',
      states: [
        { name: 'one', type: 'trigger', transitions: [{ event: 'incomingRequest', next: 'two' }] },
        { name: 'one', type: 'no-such-type', transitions: [] },
        {
          name: 'three',
          type: 'send-message',
          transitions: [{ event: 'sneezed' }],
          properties: { body: { no: 'text' } }
        }
      ]
    }
    const errors = [
      '#/initial_state',
      '#/states/0/transitions/0/next',
      '#/states/1/name',
      '#/states/1/type',
      '#/states/2/properties/body',
      '#/states/2/transitions/0/event'
    ]
    const form = {
      FriendlyName: 'Faulty',
      Status: 'published',
      Definition: JSON.stringify(faulty)
    }
    for (const [method, path] of [
      ['POST', '/v2/Flows'],
      ['POST', '/v2/Flows/Validate'],
      ['POST', `/v2/Flows/${flow}`],
      ['PUT', `/v2/Flows/${flow}`]
    ] as const) {
      const { status, body } = await call(method, path, { form })
      t.match({ status, body }, { status: 400, body: { code: 81022, status: 400 } })
      const found: { property_path: string; message: string }[] = body.details.errors
      t.strictSame(found.map(({ property_path }) => property_path).sort(), errors, path)
      t.ok(found.every(({ message }) => message.length > 5))
    }
    t.equal((await client.studio.v2.flows(flow).fetch()).revision, 1, 'nothing was saved')
    await t.rejects(publish(faulty), { code: 81022, details: { errors: Array } })
  })

  await t.test('81022: a definition that is not JSON, even as a draft', async t => {
    for (const Status of ['draft', 'published']) {
      const form = { FriendlyName: 'Faulty', Status, Definition: '{"states":' }
      t.match(await call('POST', '/v2/Flows', { form }), {
        status: 400,
        body: { code: 81022, details: { errors: [{ property_path: '#', message: /not JSON/ }] } }
      })
    }
  })

  await t.test('81021: a revision that cannot be', async t => {
    for (const revision of ['0', '-1', '1.5', 'latest', 'LatestDraft', '99999999999999999999']) {
      const answer = await call('GET', `/v2/Flows/${flow}/Revisions/${revision}`)
      t.match(answer, { status: 400, body: { code: 81021, message: /LatestPublished/ } }, revision)
    }
  })

  await t.test('81023: To and From are too long together, counted in bytes', async t => {
    const create = (To: string, From: string) =>
      call('POST', executions, { form: { To, From, ConflictPolicy: 'parallel' } })
    t.match(await create('t'.repeat(150), 'f'.repeat(151)), { status: 400, body: { code: 81023 } })
    t.match(await create('é'.repeat(100), 'f'.repeat(101)), { status: 400, body: { code: 81023 } })
    t.match(await create('t'.repeat(150), 'f'.repeat(150)), { status: 201 })
  })

  await t.test('20001: a field that is missing, empty or not one of its values', async t => {
    const count = async () => (await client.studio.v2.flows(flow).executions.list()).length
    const before = await count()
    const flowForm = { FriendlyName: 'A', Status: 'draft', Definition: '{}' }
    const without = (form: Record<string, string>, name: string) =>
      Object.fromEntries(Object.entries(form).filter(([key]) => key !== name))
    for (const [path, form, message] of [
      [executions, without(good, 'To'), /body.*'To'/],
      [executions, without(good, 'From'), /body.*'From'/],
      [executions, { ...good, To: '' }, /body\/To/],
      [executions, { ...good, From: '' }, /body\/From/],
      [executions, { ...good, ConflictPolicy: 'maybe' }, /ConflictPolicy must be one of reject, /],
      [executions, { ...good, Mode: 'fast' }, /body\/Mode must be one of flow, stepwise/],
      [executions, { ...good, Parameters: '{"a":' }, /Parameters is not JSON/],
      [executions, { ...good, Parameters: '[1]' }, /Parameters must be a JSON object/],
      [executions, { ...good, Parameters: 'null' }, /Parameters must be a JSON object/],
      [executions, { ...good, Parameters: '"text"' }, /Parameters must be a JSON object/],
      [executions, { ...good, Parameters: `"${'x'.repeat(140_000)}"` }, /Parameters/],
      [`${executions}/${sid}`, { Status: 'active' }, /body\/Status must be one of ended/],
      [`${executions}/${sid}`, {}, /Status/],
      [`${executions}/${sid}/Steps`, { Widget: 'note', Continue: 'perhaps' }, /body\/Continue/],
      ['/v2/Flows', without(flowForm, 'FriendlyName'), /FriendlyName/],
      ['/v2/Flows', { ...flowForm, FriendlyName: '' }, /FriendlyName/],
      ['/v2/Flows', without(flowForm, 'Status'), /Status/],
      [
        '/v2/Flows',
        { ...flowForm, Status: 'live' },
        /body\/Status must be one of draft, published/
      ],
      ['/v2/Flows', without(flowForm, 'Definition'), /Definition/],
      ['/v2/Flows/Validate', without(flowForm, 'Definition'), /Definition/],
      [`/v2/Flows/${flow}`, { FriendlyName: 'Another' }, /Status/]
    ] as const) {
      const answer = await call('POST', path, { form })
      t.match(answer, { status: 400, body: { code: 20001, message } }, `${path} ${message}`)
    }
    const headers = { 'idempotency-key': 'k'.repeat(256) }
    t.match(await call('POST', executions, { form: good, headers }), {
      status: 400,
      body: { code: 20001, message: /idempotency-key/ }
    })
    t.equal(await count(), before, 'nothing was started')
  })

  await t.test('20001: a page, a filter or a date that makes no sense', async t => {
    const token = (text: string) => Buffer.from(text).toString('base64url')
    for (const [query, message] of [
      ['PageToken=nonsense', /PageToken/],
      ['PageToken=', /PageToken/],
      [`PageToken=${token('older soon FN1')}`, /PageToken/],
      [`PageToken=${token('older 1e999 FN1')}`, /PageToken/],
      [`PageToken=${token('sideways 17 FN1')}`, /PageToken/],
      [`PageToken=${'t'.repeat(201)}`, /PageToken/],
      ['PageSize=0', /PageSize/],
      ['PageSize=1001', /PageSize/],
      ['PageSize=many', /PageSize/],
      ['Page=-1', /Page/]
    ] as const) {
      for (const list of [
        '/v2/Flows',
        `/v2/Flows/${flow}/Revisions`,
        executions,
        `${executions}/${sid}/Steps`
      ])
        t.match(
          await call('GET', `${list}?${query}`),
          { status: 400, body: { code: 20001, message } },
          `${list}?${query}`
        )
    }
    for (const [query, message] of [
      ['status=paused', /status must be one of active, ended/],
      ['DateCreatedFrom=yesterday', /DateCreatedFrom/],
      ['DateCreatedTo=2026-13-01T00:00:00Z', /DateCreatedTo/]
    ] as const)
      t.match(
        await call('GET', `${executions}?${query}`),
        { status: 400, body: { code: 20001, message } },
        query
      )
  })

  await t.test('20001: a field that comes twice', async t => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const text = `To=${encodeURIComponent(customer)}&To=someone&From=f`
    t.match(await call('POST', executions, { text, headers }), {
      status: 400,
      body: { message: /body\/To/ }
    })
  })

  await t.test('a body that cannot be read', async t => {
    const json = { 'content-type': 'application/json' }
    t.match(await call('POST', executions, { text: '{"To":', headers: json }), {
      status: 400,
      body: { code: 20400 }
    })
    t.match(await call('POST', executions, { text: '', headers: json }), { status: 400 })
    t.match(await call('POST', executions, { text: 'null', headers: json }), {
      status: 400,
      body: { code: 20001 }
    })
    t.match(await call('POST', executions, { text: '{"__proto__":{"To":"x"}}', headers: json }), {
      status: 400
    })
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    t.match(await call('POST', executions, { text: '%%%=%zz&&&==', headers: form }), {
      status: 400,
      body: { code: 20001, message: /'To'/ }
    })
    t.match(await call('POST', executions), { status: 400, body: { code: 20001 } })
  })

  await t.test('a path that is not encoded right, or endless', async t => {
    t.match(await call('GET', `/v2/Flows/${'F'.repeat(500)}`), {
      status: 414,
      body: { code: 20414 }
    })
    t.match(await call('GET', '/v2/Flows/%zz'), { status: 400, body: { code: 20400, status: 400 } })
  })

  await t.test('fields of JSON may stand for those of a form', async t => {
    const headers = { 'content-type': 'application/json' }
    const text = JSON.stringify({ ...good, ConflictPolicy: 'parallel', ExternalId: 'ignored' })
    t.match(await call('POST', executions, { text, headers }), { status: 201 })
  })
})

t.test('bodies that are too large, or of another kind', async t => {
  const { call, publish, port, client } = await buildService(t)
  const flow = await publish(quiet)
  const executions = `/v2/Flows/${flow}/Executions`
  const large = 'x'.repeat(10 * 1024 * 1024)

  await t.test('413: ten megabytes are too much for any call', async t => {
    for (const [path, form] of [
      [executions, { To: customer, From: business, Parameters: large }],
      ['/v2/Flows', { FriendlyName: 'Large', Status: 'draft', Definition: large }]
    ] as const) {
      t.match(await call('POST', path, { form }), {
        status: 413,
        body: { code: 20413, status: 413 }
      })
    }
  })

  await t.test('413: also where no length was announced', async t => {
    const answer = await new Promise<string>((resolve, reject) => {
      let text = ''
      const socket = connect(port, '127.0.0.1')
      socket.setEncoding('utf8')
      socket.on('data', chunk => {
        text += chunk
        if (text.includes('}')) socket.destroy()
      })
      socket.on('close', () => resolve(text))
      socket.on('error', error => (text === '' ? reject(error) : resolve(text)))
      const head = [
        `POST ${executions} HTTP/1.1`,
        'Host: 127.0.0.1',
        `Authorization: ${basic(accountSid, authToken)}`,
        'Content-Type: application/x-www-form-urlencoded',
        'Transfer-Encoding: chunked'
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n`)
      for (let sent = 0; sent < 10; sent += 1) socket.write(`10000\r\n${'y'.repeat(65536)}\r\n`)
    })
    t.match(answer, /^HTTP\/1\.1 413 /)
    t.match(answer, /"code":20413/)
  })

  await t.test('a definition of three megabytes is fine', async t => {
    const definition = { ...quiet, description: 'x'.repeat(3 * 1024 * 1024) }
    t.equal((await client.studio.v2.flows(await publish(definition)).fetch()).revision, 1)
  })

  await t.test('415: a body of another kind', async t => {
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=b',
      'what'
    ]) {
      t.match(
        await call('POST', executions, { text: 'To=1&From=2', headers: { 'content-type': type } }),
        { status: 415, body: { code: 20415, status: 415 } },
        type
      )
    }
  })
})

t.test('503: the store is away', async t => {
  const { call, publish, trigger, runtime } = await buildService(t)
  const flow = await publish(quiet)
  const { sid } = await trigger(flow)
  const away = () => Promise.reject(new StoreUnavailable('The store is away'))
  const { executions, flows } = runtime
  const before = { ...executions }
  const { listFlows } = flows.store
  t.teardown(() => Object.assign(executions, before))
  t.teardown(() => Object.assign(flows.store, { listFlows }))
  Object.assign(executions, { create: away, deliver: away, fetch: away, list: away })
  Object.assign(flows.store, { listFlows: away })
  const at = `/v2/Flows/${flow}/Executions`
  for (const [method, path, form] of [
    ['POST', at, { To: '+15550007001', From: business }],
    ['GET', at, undefined],
    ['GET', `${at}/${sid}`, undefined],
    ['POST', `${at}/${sid}`, { Status: 'ended' }],
    ['DELETE', `${at}/${sid}`, undefined],
    ['GET', `${at}/${sid}/Steps`, undefined],
    ['GET', '/v2/Flows', undefined]
  ] as const) {
    const answer = await call(method, path, { form })
    t.match(answer, { status: 503, body: { code: 20503, status: 503 } }, `${method} ${path}`)
    t.equal(answer.headers.get('retry-after'), '5')
  }
})

t.test('500: what is unforeseen is told to the log alone', async t => {
  const { call, publish, runtime } = await buildService(t)
  const flow = await publish(quiet)
  const { fetch } = runtime.executions
  t.teardown(() => Object.assign(runtime.executions, { fetch }))
  Object.assign(runtime.executions, { fetch: () => Promise.reject(new Error('a secret')) })
  const { status, body } = await call('GET', `/v2/Flows/${flow}/Executions/FN${nobody}`)
  t.match({ status, body }, { status: 500, body: { code: 20500, status: 500 } })
  t.notMatch(body.message, /secret/)
})
