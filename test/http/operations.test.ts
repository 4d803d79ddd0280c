// What operators and tools look at: probes, the OpenAPI document, and flows that are published from files.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Agent, get, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import t, { type Test } from 'tap'
import { openApiFile, openApiYaml } from '../../scripts/openapi.ts'
import { buildApp } from '../../src/http/app.ts'
import type { Reconciler } from '../../src/runtime/reconciler.ts'
import type { Runtime } from '../../src/runtime/runtime.ts'
import { BadFlowFile } from '../../src/service.ts'
import {
  accountSid,
  askAndThank,
  buildService,
  eventually,
  flowOf
} from '../support/build-service.ts'

const quiet = flowOf(['note', 'set-variables', { variables: [] }, { next: null }])

t.test('probes need no credentials', async t => {
  const { call } = await buildService(t)
  const headers = { authorization: '' }
  for (const path of ['/healthz', '/readyz'])
    t.match(await call('GET', path, { headers }), { status: 200, body: { status: 'ok' } })
})

const buildWith = (ping: () => Promise<void>) =>
  buildApp({
    runtime: { accountSid } as Runtime,
    reconciler: {} as Reconciler,
    ping,
    credentials: [],
    publicUrl: 'http://reprise.test',
    maxTriggersPerSecond: null,
    version: '1',
    verifySignature: () => false,
    sentBy: () => null
  })

t.test('a service whose store is away lives, and is not ready', async t => {
  const app = await buildWith(() => Promise.reject(new Error('the store is away')))
  t.teardown(() => app.close())
  t.equal((await app.inject('/healthz')).statusCode, 200)
  const ready = await app.inject('/readyz')
  t.equal(ready.statusCode, 503)
  t.strictSame(ready.json(), { status: 'unready', reason: 'the store is away' })
})

t.test(
  'a service that stops is not ready any more, even to who had asked before, and keeps no connection',
  async t => {
    const answers: (() => void)[] = []
    const app = await buildWith(() => new Promise(resolve => answers.push(resolve)))
    const origin = await app.listen({ host: '127.0.0.1', port: 0 })
    const agent = new Agent({ keepAlive: true })
    t.teardown(() => agent.destroy())
    const asked = new Promise<IncomingMessage>((resolve, reject) =>
      get(`${origin}/readyz`, { agent }, resolve).on('error', reject)
    )
    await eventually(() => answers.length === 1)
    let closed = false
    const closing = app.close().then(() => {
      closed = true
    })
    await eventually(() => !app.server.listening)
    await t.rejects(fetch(`${origin}/readyz`), 'nobody listens')
    for (const answer of answers) answer()

    const response = await asked
    t.equal(response.statusCode, 503)
    t.match(await json(response), { status: 'unready', reason: 'The process stops' })
    await eventually(() => closed)
    await closing
  }
)

t.test('openapi.yaml', async t => {
  await t.test('is what the service is (if not: npm run openapi)', async t => {
    t.equal(readFileSync(openApiFile, 'utf8'), await openApiYaml())
  })

  const { call } = await buildService(t)
  const { status, body } = await call('GET', '/openapi.json', { headers: { authorization: '' } })
  t.equal(status, 200)
  const document = body as OpenApi
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation }))
  )
  const isForCallers = (path: string) =>
    path.startsWith('/v2/') || path.startsWith('/reconciliations')

  await t.test('describes itself', async t => {
    t.match(document, { openapi: '3.1.0', info: { title: 'Reprise', version: /^\d+\.\d+\.\d+/ } })
    const ids = operations.map(({ operation }) => operation.operationId)
    t.equal(new Set(ids).size, ids.length, 'operation ids are unique')
    const known = document.tags.map(({ name }) => name)
    for (const { path, method, operation } of operations) {
      const name = `${method} ${path}`
      t.match(operation, { operationId: /^[A-Z]\w+$/, summary: /^.{10}/, tags: [/^\w+$/] }, name)
      t.ok(
        operation.tags.every(tag => known.includes(tag)),
        name
      )
    }
  })

  await t.test('says who may call', async t => {
    for (const { path, method, operation } of operations) {
      const security = isForCallers(path)
        ? [{ basic: [] }]
        : path.startsWith('/webhooks/') || path.startsWith('/v1/Accounts/')
          ? [{ signature: [] }]
          : undefined
      t.strictSame(operation.security, security, `${method} ${path}`)
    }
    t.match(document.components.securitySchemes, {
      basic: { type: 'http', scheme: 'basic' },
      signature: { type: 'apiKey', in: 'header', name: 'X-Twilio-Signature' }
    })
  })

  await t.test('has a description for every answer, and errors among them', async t => {
    for (const { path, method, operation } of operations) {
      const { responses } = operation
      const statuses = Object.keys(responses)
      const name = `${method} ${path}`
      t.ok(
        statuses.some(code => code.startsWith('2')),
        name
      )
      for (const [code, { description }] of Object.entries(responses)) {
        t.match(code, /^([2-5]\d\d|5XX)$/)
        t.match(description, /^(?!Default).{3}/, `${name} ${code}`)
      }
      if (path === '/healthz' || path === '/readyz') continue
      t.ok(statuses.includes('5XX'), name)
      t.ok(statuses.includes(isForCallers(path) ? '401' : '403'), name)
      if (path.includes('{')) t.ok(statuses.includes('404'), name)
      for (const [code, { content }] of Object.entries(responses))
        if (/^[45]/.test(code))
          t.strictSame(content?.['application/json']?.schema, {
            $ref: '#/components/schemas/Error'
          })
    }
  })

  await t.test('shows bodies as the forms that they are', async t => {
    const withBody = operations.filter(({ operation }) => operation.requestBody)
    t.ok(withBody.length >= 8)
    for (const { path, operation } of withBody)
      t.strictSame(
        Object.keys(operation.requestBody?.content ?? {}),
        ['application/x-www-form-urlencoded'],
        path
      )
  })

  await t.test('demands only what a caller must give', async t => {
    for (const { path, method, operation } of operations) {
      const inPath = (operation.parameters ?? []).filter(parameter => parameter.in === 'path')
      t.strictSame(
        inPath.map(({ name }) => name).sort(),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(),
        `${method} ${path}`
      )
      for (const parameter of operation.parameters ?? [])
        t.equal(parameter.required ?? false, parameter.in === 'path', parameter.name)
    }
    t.strictSame(formOf(document, '/v2/Flows/{FlowSid}/Executions').required, ['To', 'From'])
  })

  await t.test('refers to nothing that is not there', async t => {
    const references = refsIn(document)
    t.ok(references.length > 50)
    for (const reference of new Set(references)) {
      t.match(reference, /^#\/components\/schemas\/\w+$/)
      t.ok(resolve(document, reference), reference)
    }
  })

  await t.test('holds schemas of JSON Schema 2020-12', async t => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true })
    formats.default(ajv)
    ajv.addKeyword('components')
    ajv.addSchema({ $id: 'document', components: document.components }, 'document', false, false)
    const schemas = operations.flatMap(({ operation }) => [
      ...Object.values(operation.responses).flatMap(({ content }) => Object.values(content ?? {})),
      ...Object.values(operation.requestBody?.content ?? {}),
      ...(operation.parameters ?? [])
    ])
    const absolute = (schema: unknown) =>
      JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"document#/components'))
    for (const { schema } of schemas) t.doesNotThrow(() => ajv.compile(absolute(schema)))
  })

  await t.test("has every operation of Studio's, under its name, with its fields", async t => {
    const studio = studioDocument()
    for (const [path, item] of Object.entries(studio.paths)) {
      for (const [method, theirs] of Object.entries(item)) {
        if (!['get', 'post', 'delete'].includes(method)) continue
        const name = `${method} ${path}`
        const ours = document.paths[path]?.[method]
        if (!ours) {
          t.fail(name)
          continue
        }
        t.equal(ours.operationId, theirs.operationId, name)
        const success = (operation: Operation) =>
          Object.keys(operation.responses).filter(code => code.startsWith('2'))
        for (const code of success(theirs)) t.ok(success(ours).includes(code), `${name} ${code}`)
        const names = (operation: Operation) => (operation.parameters ?? []).map(each => each.name)
        for (const parameter of names(theirs)) t.ok(names(ours).includes(parameter), parameter)
        if (!theirs.requestBody) continue
        const form = formOf(studio, path, method)
        const fields = Object.keys(formOf(document, path, method).properties)
        for (const field of Object.keys(form.properties))
          t.ok(fields.includes(field), `${name} ${field}`)
      }
    }
  })
})

t.test('FLOWS_DIR', async t => {
  const write = (folder: string, file: string, definition: unknown) =>
    writeFileSync(join(folder, file), JSON.stringify(definition, null, 2))

  await t.test('its files are published at the start, and one that is as it was stays', async t => {
    const folder = temporaryFolder(t)
    const environment = { FLOWS_DIR: folder }
    const sid = `FW${'cd'.repeat(16)}`
    write(folder, `reminder.${sid}.json`, askAndThank())
    write(folder, 'quiet.json', quiet)
    writeFileSync(join(folder, 'README.md'), 'not a flow')

    const first = await buildService(t, { environment })
    const listed = await first.client.studio.v2.flows.list()
    t.strictSame(listed.map(({ friendlyName }) => friendlyName).sort(), ['quiet', 'reminder'])
    t.match(await first.client.studio.v2.flows(sid).fetch(), {
      friendlyName: 'reminder',
      status: 'published',
      revision: 1,
      definition: askAndThank()
    })
    const other = listed.find(flow => flow.sid !== sid)?.sid ?? ''
    await first.close()

    write(folder, 'quiet.json', { ...quiet, description: 'Another' })
    const second = await buildService(t, { environment, after: first })
    const flows = second.client.studio.v2.flows
    t.equal((await flows(sid).fetch()).revision, 1)
    t.match(await flows(other).fetch(), { revision: 2, definition: { description: 'Another' } })
    t.equal((await flows.list()).length, 2)
  })

  await t.test('a faulty file stops the start, with all its faults', async t => {
    const folder = temporaryFolder(t)
    write(folder, 'a-good-one.json', quiet)
    write(folder, 'faulty.json', {
      ...quiet,
      initial_state: 'Nowhere',
      states: [{ name: 'one', type: 'nothing', transitions: [{ event: 'x', next: 'two' }] }]
    })
    const failure = await buildService(t, { environment: { FLOWS_DIR: folder } }).catch(
      (error: unknown) => error
    )
    if (!(failure instanceof BadFlowFile)) return t.fail('it must not start', { failure })
    t.match(failure.message, join(folder, 'faulty.json'))
    for (const path of ['#/initial_state', '#/states/0/type']) t.match(failure.message, path)
  })

  await t.test('a file that is not JSON stops the start', async t => {
    const folder = temporaryFolder(t)
    writeFileSync(join(folder, 'faulty.json'), '{')
    await t.rejects(buildService(t, { environment: { FLOWS_DIR: folder } }), BadFlowFile)
  })

  await t.test('a folder that is not there stops the start', async t => {
    const environment = { FLOWS_DIR: '/nowhere/at/all' }
    await t.rejects(buildService(t, { environment }), { message: /FLOWS_DIR.*nowhere/ })
  })
})

interface OpenApi {
  readonly openapi: string
  readonly info: object
  readonly tags: readonly { readonly name: string }[]
  readonly components: { readonly securitySchemes: object }
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

type Content = Readonly<Record<string, { readonly schema: unknown }>>

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security?: object
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: unknown
  }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >
}

interface Form {
  readonly required?: readonly string[]
  readonly properties: object
}

function formOf({ paths }: Pick<OpenApi, 'paths'>, path: string, method = 'post'): Form {
  const body = paths[path]?.[method]?.requestBody
  return body?.content['application/x-www-form-urlencoded']?.schema as Form
}

/** Twilio's own document. */
function studioDocument(): Pick<OpenApi, 'paths'> {
  const core = createRequire(import.meta.url).resolve('@twilio/cli-core/package.json')
  const file = join(core, '..', 'src/services/twilio-api/twilio_studio_v2.json')
  return JSON.parse(readFileSync(file, 'utf8'))
}

function refsIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([key, value]) =>
    key === '$ref' && typeof value === 'string' ? [value] : refsIn(value)
  )
}

const resolve = (document: unknown, reference: string): unknown =>
  reference
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document)

function temporaryFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-flows-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  return folder
}
