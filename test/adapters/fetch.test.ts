// What flows may call, and what comes of it. Everything here stays on the loopback addresses of this machine.

import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { validateRequest } from 'twilio/lib/webhooks/webhooks.js'
import { AddressRefused, type Lookup, makeGuard } from '../../src/adapters/fetch/guard.ts'
import { type HttpCallerOptions, makeHttpCaller } from '../../src/adapters/fetch/http-caller.ts'
import { makeFormSigner } from '../../src/adapters/twilio/signature.ts'
import type { HttpRequest } from '../../src/engine/effect.ts'
import { CallFailed } from '../../src/runtime/errors.ts'
import { type Handler, serve } from '../support/serve.ts'

const authToken = 'the auth token'
const basic = 'AC1:the auth token'

/** A caller that may reach 127.0.0.1, and that only. */
function caller(t: Test, options: Partial<HttpCallerOptions> = {}) {
  const http = makeHttpCaller({
    allowedInternalHosts: new Set(['127.0.0.1']),
    timeoutMs: 10_000,
    maxBytes: 65_536,
    basic,
    sign: makeFormSigner(authToken),
    ...options
  })
  t.teardown(() => http.close())
  const call = (url: string, request: Partial<HttpRequest> = {}) =>
    http.call(
      { method: 'GET', url, contentType: null, body: null, credentials: 'none', ...request },
      'FN1:2:0'
    )
  return {
    call,
    /** Why a call failed. */
    async failure(url: string, request: Partial<HttpRequest> = {}): Promise<string> {
      try {
        const { status } = await call(url, request)
        return `it did not fail, but answered ${status}`
      } catch (error) {
        return error instanceof CallFailed ? error.message : `not a CallFailed: ${error}`
      }
    }
  }
}

/** Names that have these addresses; a list of lists changes from one look to the next. */
function names(known: Readonly<Record<string, readonly string[]>>): Lookup {
  return (name, _options, done) => {
    const found = known[name]
    if (!found) return done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`)), [])
    const addresses = found.map(address => ({ address, family: address.includes(':') ? 6 : 4 }))
    done(null, addresses)
  }
}

const internalAddresses = [
  ['0.0.0.0', '10.0.0.1', '10.255.255.255', '100.64.0.1', '127.0.0.1', '127.255.255.254'],
  ['169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.1', '192.168.1.1', '198.18.0.1'],
  ['198.19.255.255', '224.0.0.1', '239.255.255.255', '255.255.255.255'],
  ['::', '::1', '::7f00:1', '::ffff:7f00:1', '::ffff:10.0.0.1', '::FFFF:A9FE:A9FE'],
  ['::ffff:0:7f00:1', '0:0:0:0:0:0:0:1', '64:ff9b::7f00:1', '64:ff9b::a00:1', '64:ff9b:1::1'],
  ['100::1', '2001::1', '2002:7f00:1::', '2002:a9fe:a9fe::1', 'fc00::1', 'fd00:ec2::254'],
  ['fe80::1', 'fe80::1%lo', 'febf::1', 'fec0::1', 'ff02::1']
].flat()

const publicAddresses = [
  ['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0'],
  ['126.255.255.255', '128.0.0.0', '169.253.255.255', '169.255.0.0', '172.15.255.255'],
  ['172.32.0.0', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0'],
  ['223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001:80b::200e', '::ffff:8.8.8.8'],
  ['2001:4860:4860::8888', 'fbff::1']
].flat()

t.test('the guard', async t => {
  const none = makeGuard(new Set())

  await t.test('refuses every internal address, and no other', async t => {
    for (const address of internalAddresses) {
      const host = address.includes(':') ? `[${address}]` : address
      t.throws(() => none.check(host), AddressRefused, host)
    }
    for (const address of publicAddresses)
      t.doesNotThrow(() => none.check(address.includes(':') ? `[${address}]` : address), address)
    t.doesNotThrow(() => none.check('localhost'), 'names are judged when they are looked up')
  })

  await t.test('hands on only those addresses of a name that may be reached', async t => {
    const lookup = names({
      'inside.test': ['10.0.0.1', 'fd00::1', '127.0.0.1'],
      'mixed.test': ['192.168.0.1', '1.1.1.1', '::1', '2606:4700:4700::1111'],
      'nowhere.test': []
    })
    const found = (
      guard: ReturnType<typeof makeGuard>,
      name: string,
      all = true
    ): Promise<unknown> =>
      new Promise((resolve, reject) =>
        guard.lookup(name, { all }, (error, addresses, family) =>
          error ? reject(error) : resolve(all ? addresses : [addresses, family])
        )
      )
    const guard = makeGuard(new Set(), lookup)
    await t.rejects(found(guard, 'inside.test'), { message: /inside.test.*\(10\.0\.0\.1\)/ })
    await t.rejects(found(guard, 'nowhere.test'), AddressRefused)
    await t.rejects(found(guard, 'unknown.test'), { message: /ENOTFOUND/ })
    t.same(await found(guard, 'mixed.test'), [
      { address: '1.1.1.1', family: 4 },
      { address: '2606:4700:4700::1111', family: 6 }
    ])
    t.same(await found(guard, 'mixed.test', false), ['1.1.1.1', 4])
    t.same(await found(makeGuard(new Set(['Inside.Test']), lookup), 'inside.test', false), [
      '10.0.0.1',
      4
    ])
    t.same(await found(makeGuard(new Set(['127.0.0.1']), lookup), 'inside.test'), [
      { address: '127.0.0.1', family: 4 }
    ])
  })

  await t.test('opens what the operator names, however it is written', async t => {
    const guard = makeGuard(new Set(['10.0.0.7', '[FD00::7]', 'tools.internal']))
    for (const host of ['10.0.0.7', '[::ffff:10.0.0.7]', '[fd00::7]', '[fd00:0:0::7]'])
      t.doesNotThrow(() => guard.check(host), host)
    for (const host of ['10.0.0.8', '[fd00::8]', '127.0.0.1'])
      t.throws(() => guard.check(host), AddressRefused, host)
  })
})

t.test('a flow does not get into the network', async t => {
  const { received, port, origin } = await serve(t)
  const lookup = names({
    'shop.test': ['127.0.0.1'],
    'other.test': ['127.0.0.2'],
    localhost: ['127.0.0.1', '::1']
  })
  const closed = caller(t, { allowedInternalHosts: new Set(), lookup })

  await t.test('by whatever spelling of an address', async t => {
    for (const host of [
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0x7f.0.0.1',
      '0177.0.0.1',
      '017700000001',
      '127.0.0.1.',
      '①②⑦.0.0.1',
      '0',
      '0.0.0.0',
      '[::1]',
      '[::]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[0:0:0:0:0:ffff:7f00:1]',
      '[::127.0.0.1]',
      '[64:ff9b::127.0.0.1]',
      '169.254.169.254',
      '[fd00:ec2::254]',
      'user:secret@127.0.0.1'
    ])
      t.match(await closed.failure(`http://${host}:${port}/`), /ALLOWED_INTERNAL_HOSTS/, host)
    t.match(await closed.failure('http://[fe80::1%25lo]/'), /Invalid URL/)
  })

  await t.test('by a name that leads there', async t => {
    for (const name of ['shop.test', 'localhost', 'LOCALHOST'])
      t.match(await closed.failure(`http://${name}:${port}/`), /internal address \(127\.0\.0\.1\)/)
  })

  await t.test('by the system’s own names', async t => {
    const { failure } = caller(t, { allowedInternalHosts: new Set() })
    t.match(await failure(`http://localhost:${port}/`), /localhost is an internal address/)
  })

  await t.test('by a redirect', async t => {
    for (const location of [
      `http://127.0.0.2:${port}/secret`,
      `http://[::1]:${port}/secret`,
      `//2130706434:${port}/secret`,
      `http://other.test:${port}/secret`,
      'http://169.254.169.254/latest/meta-data'
    ]) {
      const shop = await serve(t, (_, response) => response.writeHead(302, { location }).end())
      const { failure } = caller(t, { lookup })
      t.match(await failure(shop.origin), /ALLOWED_INTERNAL_HOSTS/, location)
      t.equal(shop.received.length, 1)
    }
    for (const location of ['file:///etc/passwd', 'ftp://127.0.0.1/', 'javascript:1']) {
      const shop = await serve(t, (_, response) => response.writeHead(302, { location }).end())
      t.match(await caller(t).failure(shop.origin), /redirected to (file|ftp|javascript):/)
    }
  })

  await t.test('by another protocol', async t => {
    const { failure } = caller(t)
    for (const url of ['file:///etc/passwd', 'ftp://127.0.0.1/', 'gopher://127.0.0.1/', 'data:,x'])
      t.match(await failure(url), /is not http or https/, url)
  })

  t.same(received, [], 'nothing has arrived')

  await t.test('unless the operator allows it', async t => {
    t.match(await caller(t).call(origin), { status: 200, body: 'fine' })
    const byName = caller(t, { allowedInternalHosts: new Set(['shop.test']), lookup })
    t.match(await byName.call(`http://shop.test:${port}/`), { status: 200 })
    t.match(await byName.failure(origin), /ALLOWED_INTERNAL_HOSTS/, 'not by its address')
    t.equal(received.length, 2)
    t.equal(received.at(-1)?.headers.host, `shop.test:${port}`)
  })
})

t.test(
  'a name whose answer changes is judged each time, and reached where it was judged',
  async t => {
    const { received, port } = await serve(t, (_, response) =>
      response.writeHead(200, { connection: 'close' }).end()
    )
    const answers = ['127.0.0.1', '127.0.0.2', '127.0.0.1']
    let looks = 0
    const lookup: Lookup = (_name, _options, done) => {
      const address = answers[looks++] ?? '127.0.0.2'
      done(null, [{ address, family: 4 }])
    }
    const { call, failure } = caller(t, { lookup })
    t.match(await call(`http://rebind.test:${port}/`), { status: 200 })
    t.match(await failure(`http://rebind.test:${port}/`), /internal address \(127\.0\.0\.2\)/)
    t.match(await call(`http://rebind.test:${port}/`), { status: 200 })
    t.equal(looks, 3, 'one look for each connection')
    t.same(
      received.map(({ at }) => at),
      ['127.0.0.1', '127.0.0.1']
    )
  }
)

t.test('what is sent', async t => {
  const { received, origin, port } = await serve(t)
  const { call } = caller(t)
  const sent = async (url: string, request: Partial<HttpRequest> = {}) => {
    await call(url, request)
    return received.at(-1)
  }

  await t.test('is the request, with the effect’s id as its key', async t => {
    t.match(await sent(`${origin}/a%20b/ä?x=1&x=2#part`), {
      method: 'GET',
      path: '/a%20b/%C3%A4?x=1&x=2',
      body: '',
      headers: { 'idempotency-key': 'FN1:2:0', 'user-agent': 'Reprise' }
    })
    t.same(Object.keys(received.at(-1)?.headers ?? {}).sort(), [
      'connection',
      'host',
      'idempotency-key',
      'user-agent'
    ])
  })

  await t.test('has its body and content type', async t => {
    for (const [contentType, body] of [
      ['application/json;charset=utf-8', '{"größe":"1 €"}'],
      ['application/x-www-form-urlencoded;charset=utf-8', 'a=1&a=2'],
      ['text/plain', '']
    ] as const)
      t.match(await sent(origin, { method: 'POST', contentType, body }), {
        method: 'POST',
        body,
        headers: { 'content-type': contentType }
      })
    t.match(await sent(origin, { method: 'POST' }), { body: '' })
  })

  await t.test('has the credentials that are written into the URL, and hides them', async t => {
    const expected = `Basic ${Buffer.from('a b:c:d@ü').toString('base64')}`
    t.match(await sent(`http://a%20b:c%3Ad%40%C3%BC@127.0.0.1:${port}/x`), {
      path: '/x',
      headers: { authorization: expected, host: `127.0.0.1:${port}` }
    })
    const onlyUser = `Basic ${Buffer.from('key:').toString('base64')}`
    t.match(await sent(`http://key@127.0.0.1:${port}/`), { headers: { authorization: onlyUser } })
    t.equal((await sent(origin))?.headers.authorization, undefined)
  })

  await t.test(
    'has Twilio’s credentials where they are asked for, and then only those',
    async t => {
      const authorization = `Basic ${Buffer.from(basic).toString('base64')}`
      const credentials = 'twilio' as const
      t.match(await sent(`http://own:secret@127.0.0.1:${port}/`, { credentials }), {
        headers: { authorization }
      })
    }
  )

  await t.test('is signed for a Function, as Twilio’s own check sees it', async t => {
    const form: [string, string][] = [
      ['b', '2'],
      ['a', '1'],
      ['b', '1'],
      ['b', '2'],
      ['Ü & ?', 'é=+%'],
      ['empty', '']
    ]
    const body = new URLSearchParams(form).toString()
    const parsed = { a: '1', b: ['2', '1', '2'], 'Ü & ?': 'é=+%', empty: '' }
    for (const path of ['/hook', '/hook?x=1&y=%20', '/hook#part', '']) {
      const request = await sent(origin + path, {
        method: 'POST',
        contentType: 'application/x-www-form-urlencoded',
        body,
        credentials: 'signature'
      })
      t.equal(request?.body, body)
      const signature = String(request?.headers['x-twilio-signature'])
      const url = origin + request?.path
      t.ok(validateRequest(authToken, signature, url, parsed), `${url} is signed`)
      t.notOk(validateRequest(authToken, signature, url, { ...parsed, a: '2' }))
      t.notOk(validateRequest('another token', signature, url, parsed))
    }
    const nothing = await sent(origin, { method: 'POST', body: '', credentials: 'signature' })
    const signature = String(nothing?.headers['x-twilio-signature'])
    t.ok(validateRequest(authToken, signature, `${origin}/`, {}))
  })
})

t.test('what comes back', async t => {
  const answer = async (
    headers: Record<string, string>,
    body: string | Buffer = '',
    status = 200,
    options: Partial<HttpCallerOptions> = {}
  ) => {
    const { origin } = await serve(t, (_, response) =>
      response.writeHead(status, headers).end(body)
    )
    return caller(t, options).call(origin)
  }

  await t.test('is an answer, whatever its status', async t => {
    for (const status of [200, 204, 300, 304, 400, 404, 429, 500, 503])
      t.match(await answer({}, '', status), { status, body: '', contentType: '' })
    t.match(await answer({ location: '/elsewhere' }, '', 304), { status: 304 })
    t.match(await answer({}, '', 302), { status: 302 }, 'a redirect to nowhere')
  })

  await t.test('has its content type and text', async t => {
    const type = 'application/json; charset=utf-8'
    t.same(await answer({ 'content-type': type }, '{"a":"ü€🌊"}'), {
      status: 200,
      contentType: type,
      body: '{"a":"ü€🌊"}',
      functionConcurrency: null
    })
    t.match(await answer({}, '\uFEFF{"a":1}'), { body: '{"a":1}' }, 'without a byte order mark')
    t.match(await answer({ 'x-twilio-function-concurrency': '3' }), { functionConcurrency: '3' })
  })

  await t.test('is unpacked where a server packed it, asked or not', async t => {
    const text = 'word '.repeat(1000)
    for (const [encoding, bytes] of [
      ['gzip', gzipSync(text)],
      ['GZIP', gzipSync(text)],
      ['x-gzip', gzipSync(text)],
      ['deflate', deflateSync(text)],
      ['br', brotliCompressSync(text)],
      ['identity', Buffer.from(text)],
      ['gzip', Buffer.alloc(0)]
    ] as const)
      t.equal(
        (await answer({ 'content-encoding': encoding }, bytes)).body,
        bytes.length > 0 ? text : ''
      )
    await t.rejects(answer({ 'content-encoding': 'gzip' }, 'no gzip'), { message: /not the gzip/ })
    await t.rejects(answer({ 'content-encoding': 'zip' }, 'x'), { message: /encoding zip/ })
  })

  await t.test('is 64 kB long at most, packed or not', async t => {
    t.equal((await answer({}, 'x'.repeat(65_536))).body.length, 65_536)
    t.equal((await answer({}, '€'.repeat(21_845))).body.length, 21_845, 'bytes count')
    const tooLarge = { message: /larger than 65536 bytes \(setting HTTP_MAX_BYTES\)/ }
    await t.rejects(answer({}, 'x'.repeat(65_537)), tooLarge)
    await t.rejects(answer({}, '€'.repeat(21_846)), tooLarge)
    const bomb = gzipSync(Buffer.alloc(20_000_000))
    t.ok(bomb.length < 65_536)
    await t.rejects(answer({ 'content-encoding': 'gzip' }, bomb), tooLarge)
    await t.rejects(answer({}, '12345', 200, { maxBytes: 4 }), { message: /larger than 4 bytes/ })
  })

  await t.test('is not read on once it is too large', async t => {
    let hungUp = false
    const { origin } = await serve(t, (_, response) => {
      const more = () => {
        while (response.write('x'.repeat(10_000)));
      }
      response.on('drain', more).on('close', () => {
        hungUp = true
      })
      more()
    })
    t.match(await caller(t).failure(origin), /larger than/)
    for (let looks = 0; looks < 200 && !hungUp; looks++)
      await new Promise(resolve => setTimeout(resolve, 5))
    t.ok(hungUp)
  })
})

t.test('redirects', async t => {
  const shop = await serve(t, ({ path }, response) => {
    const [, status, location = ''] = /^\/(\d+)\?to=(.*)$/.exec(path) ?? []
    if (status === undefined) response.end('there')
    else response.writeHead(Number(status), { location: decodeURIComponent(location) }).end('moved')
  })
  const elsewhere = await serve(t)
  const { call, failure } = caller(t)
  const through = (status: number, to: string) =>
    `${shop.origin}/${status}?to=${encodeURIComponent(to)}`
  const form = {
    method: 'POST',
    contentType: 'application/x-www-form-urlencoded',
    body: 'a=1'
  } as const

  await t.test('301, 302 and 303 fetch, 307 and 308 repeat', async t => {
    for (const status of [301, 302, 303, 307, 308]) {
      t.match(await call(through(status, '/there')), { status: 200, body: 'there' })
      t.match(shop.received.at(-1), { method: 'GET', path: '/there' })
      t.match(await call(through(status, 'there'), form), { status: 200 })
      const last = shop.received.at(-1)
      const repeats = status > 303
      t.equal(last?.method, repeats ? 'POST' : 'GET')
      t.equal(last?.body, repeats ? 'a=1' : '')
      t.equal(last?.headers['content-type'], repeats ? form.contentType : undefined)
      t.equal(last?.headers['idempotency-key'], 'FN1:2:0')
    }
  })

  await t.test('credentials stay with the origin that they are for', async t => {
    const url = (to: string) => through(307, to).replace('//', '//user:secret@')
    const authorization = `Basic ${Buffer.from('user:secret').toString('base64')}`
    await call(url('/there'))
    t.equal(shop.received.at(-1)?.headers.authorization, authorization)
    for (const credentials of ['none', 'twilio', 'signature'] as const) {
      await call(url(`${elsewhere.origin}/x`), { ...form, credentials })
      const { headers } = elsewhere.received.at(-1) ?? {}
      t.equal(headers?.authorization, undefined)
      t.equal(headers?.['x-twilio-signature'], undefined)
    }
    await call(through(302, `http://other:word@127.0.0.1:${elsewhere.port}/x`))
    t.match(elsewhere.received.at(-1)?.headers, {
      authorization: `Basic ${Buffer.from('other:word').toString('base64')}`
    })
  })

  await t.test('are followed five times, and not for ever', async t => {
    const nested = (depth: number): string =>
      depth === 0 ? '/there' : `/302?to=${encodeURIComponent(nested(depth - 1))}`
    t.match(await call(shop.origin + nested(5)), { status: 200, body: 'there' })
    t.match(await failure(shop.origin + nested(6)), /more than 5 redirects/)
    const loop = await serve(t, (_, response) => response.writeHead(302, { location: '/' }).end())
    t.match(await caller(t).failure(loop.origin), /more than 5 redirects/)
    t.equal(loop.received.length, 6)
  })

  await t.test('to nonsense fail', async t => {
    t.match(await failure(through(302, 'http://')), /Invalid URL/)
  })
})

t.test('a call that takes too long is given up, wherever it hangs', async t => {
  const timeoutMs = 150
  const tooLong = /no answer within 0\.15 s \(setting HTTP_TIMEOUT_SECONDS\)/
  const hang: Record<string, Handler> = {
    'before the headers': () => {},
    'in the body': (_, response) => response.writeHead(200).write('half'),
    'in the body of a redirect': (_, response) =>
      response.writeHead(302, { location: '/' }).write('half')
  }
  for (const [where, handler] of Object.entries(hang)) {
    const { origin } = await serve(t, handler)
    t.match(await caller(t, { timeoutMs }).failure(origin), tooLong, where)
  }
  let drips = 0
  const slow = await serve(t, (_, response) => {
    const drip = setInterval(() => {
      drips += 1
      response.write('.')
    }, 20)
    response.on('close', () => clearInterval(drip))
  })
  t.match(await caller(t, { timeoutMs }).failure(slow.origin), tooLong, 'a drop at a time')
  t.ok(drips > 2)
  const redirecting = await serve(t, (_, response) => {
    setTimeout(() => response.writeHead(302, { location: '/' }).end(), 40)
  })
  t.match(await caller(t, { timeoutMs }).failure(redirecting.origin), tooLong, 'from hop to hop')
  const lookup: Lookup = () => {}
  t.match(
    await caller(t, { timeoutMs, lookup }).failure('http://a.test/'),
    tooLong,
    'in the lookup'
  )
})

t.test('a call without an answer says why', async t => {
  const { port } = await serve(t)
  const lookup = names({ 'both.test': ['127.0.0.1', '::1'] })
  const { failure } = caller(t, {
    allowedInternalHosts: new Set(['127.0.0.1', 'both.test']),
    lookup
  })
  t.match(await failure('http://127.0.0.1:1/'), /ECONNREFUSED/)
  t.match(await failure('http://both.test:1/'), /127\.0\.0\.1:1, connect E\w+ ::1/)
  t.match(await failure('http://nowhere.test/'), /ENOTFOUND/)
  t.match(await failure('no URL'), /Invalid URL/)
  t.match(await failure(`http://a%:b@127.0.0.1:${port}/`), /malformed/)
  t.match(await failure(`https://127.0.0.1:${port}/`), /\S/, 'no TLS there')
  const rude = await serve(t, (_, response) => response.socket?.destroy())
  t.match(await failure(rude.origin), /closed|socket/)
  const lying = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('short')
    setTimeout(() => response.socket?.destroy(), 20)
  })
  t.match(await failure(lying.origin), /terminated|closed|aborted/)
})
