// Twilio's own OpenAPI documents as an oracle for answers that claim to be Twilio's.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import formats from 'ajv-formats'

export type TwilioSpec = {
  /** What is wrong with an answer; an empty list if nothing is. The path may carry a query. */
  check(method: string, path: string, status: number, body: unknown): string[]
}

type Schema = { [key: string]: unknown }
type Operation = { readonly responses: Record<string, { content?: Record<string, object> }> }
type SpecDocument = { readonly paths: Record<string, Record<string, Operation>> } & Schema
type Path = { readonly template: string; readonly pattern: RegExp }

const folder = join(
  dirname(createRequire(import.meta.url).resolve('@twilio/cli-core/package.json')),
  'src/services/twilio-api'
)

const specs = new Map<string, TwilioSpec>()

type Name = 'conversations_v1' | 'flex_v1' | 'studio_v2'

/** At Twilio these are two hosts; the simulator is both. */
export const simulatorSpec = (path: string): Name =>
  /^\/v1\/(Interactions|Configuration)\b/.test(path) ? 'flex_v1' : 'conversations_v1'

export function twilioSpec(name: Name): TwilioSpec {
  const spec = specs.get(name) ?? loadSpec(name)
  specs.set(name, spec)
  return spec
}

function loadSpec(name: string): TwilioSpec {
  const document: SpecDocument = JSON.parse(
    readFileSync(join(folder, `twilio_${name}.json`), 'utf8')
  )
  harden(document)
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false })
  formats.default(ajv)
  ajv.addSchema(document, name)
  const paths = sortedPaths(document)
  const checks = new Map<string, ValidateFunction>()

  const validator = (pointer: string) => {
    const known = checks.get(pointer)
    if (known) return known
    const compiled = ajv.compile({ $ref: `${name}#${pointer}` })
    checks.set(pointer, compiled)
    return compiled
  }

  return {
    check(method, path, status, body) {
      if (status >= 400) return checkError(status, body)
      const [plain = ''] = path.split('?', 1)
      const template = paths.find(({ pattern }) => pattern.test(plain))?.template
      if (template === undefined) return [`${plain} is not a path of ${name}`]
      const verb = method.toLowerCase()
      const operation = document.paths[template]?.[verb]
      if (!operation) return [`${method} is not an operation of ${template}`]
      const response = operation.responses[status]
      if (!response) return [`${status} is not a documented answer of ${method} ${template}`]
      const [type] = Object.keys(response.content ?? {})
      if (type === undefined) return isEmpty(body) ? [] : ['the body must be empty']
      const steps = ['paths', template, verb, 'responses', `${status}`, 'content', type, 'schema']
      const validate = validator(`/${steps.map(escapeStep).join('/')}`)
      validate(body)
      return (validate.errors ?? []).map(
        ({ instancePath, message, params }) =>
          `${instancePath || 'body'} ${message} ${JSON.stringify(params)}`
      )
    }
  }
}

/**
 * Makes the document mean what Twilio's answers do: every field is there, and no other. As
 * published, it lets an empty object pass, and ajv refuses its `nullable` without a type. `uri-map`
 * is a format of Twilio's own.
 */
function harden(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  for (const child of Object.values(node)) harden(child)
  const schema = node as Schema
  if (schema.nullable === true && schema.type === undefined) delete schema.nullable
  if (schema.format === 'uri-map') {
    delete schema.format
    schema.additionalProperties = { type: 'string', format: 'uri' }
  }
  if (schema.type === 'object' && typeof schema.properties === 'object' && schema.properties) {
    schema.required = Object.keys(schema.properties)
    schema.additionalProperties = false
  }
}

/**
 * Errors are in none of the documents; their shape is
 * https://www.twilio.com/docs/usage/twilios-response
 */
function checkError(status: number, body: unknown): string[] {
  if (typeof body !== 'object' || body === null) return ['an error must have a body']
  const { code, message, more_info, status: repeated, ...rest } = body as Record<string, unknown>
  const violations = Object.keys(rest)
    .filter(key => key !== 'details')
    .map(key => `error has an unknown field ${key}`)
  if (!Number.isInteger(code)) violations.push('error.code must be an integer')
  if (typeof message !== 'string') violations.push('error.message must be a string')
  if (typeof more_info !== 'string') violations.push('error.more_info must be a string')
  if (repeated !== status) violations.push(`error.status must be ${status}`)
  return violations
}

/** Paths with more fixed words first, so that a parameter never hides a name. */
function sortedPaths({ paths }: SpecDocument): Path[] {
  const parameters = (template: string) => template.split('{').length
  return Object.keys(paths)
    .sort((one, other) => parameters(one) - parameters(other))
    .map(template => ({
      template,
      pattern: new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`)
    }))
}

const escapeStep = (step: string) =>
  encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))

const isEmpty = (body: unknown) => body === undefined || body === null || body === ''
