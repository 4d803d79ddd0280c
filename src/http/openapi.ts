import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { Diagnosis, Execution } from './routes/executions.schema.ts'
import { Flow, Revision } from './routes/flows.schema.ts'
import { Reconciliation } from './routes/reconciliations.schema.ts'
import { Step, StepRun } from './routes/steps.schema.ts'
import { TestUsers } from './routes/test-users.schema.ts'
import { ErrorResponse, PageMeta } from './schemas.ts'

/** Describes every route registered after it; the document is made from the schemas that requests meet. */
export async function installOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Reprise',
        version,
        description:
          "Runs Twilio Studio flows on Twilio Conversations. What is not marked as ours is Studio's REST API v2, so Twilio's SDKs can be pointed here. Bodies are forms, as Studio's are; JSON with the same fields is taken as well.",
        license: { name: 'MIT', identifier: 'MIT' }
      },
      tags: [
        { name: 'Flows', description: 'Definitions and their revisions' },
        { name: 'Executions', description: "People's journeys through flows" },
        { name: 'Steps', description: 'Visits to widgets' },
        {
          name: 'Reconciliations',
          description: 'Ours: is anything left behind, or missing?'
        },
        { name: 'Webhooks', description: 'What Twilio calls' },
        { name: 'Operations', description: 'For probes' }
      ],
      components: {
        securitySchemes: {
          basic: {
            type: 'http',
            scheme: 'basic',
            description: 'Account SID and auth token, or an API key and its secret'
          },
          signature: {
            type: 'apiKey',
            in: 'header',
            name: 'X-Twilio-Signature',
            description: 'https://www.twilio.com/docs/usage/webhooks/webhooks-security'
          }
        }
      }
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema${index}`)
    },
    transform: ({ schema, url }) => ({ schema: documented(schema ?? {}, url), url }),
    // Without what parts share, which YAML would write as anchors.
    transformObject: document =>
      'openapiObject' in document ? JSON.parse(JSON.stringify(document.openapiObject)) : document
  })
  for (const schema of [
    ErrorResponse,
    PageMeta,
    Flow,
    Revision,
    TestUsers,
    Execution,
    Diagnosis,
    Step,
    StepRun,
    Reconciliation
  ]) {
    app.addSchema(schema)
  }
}

/** A route's schema with what callers have to know beyond it. */
function documented(schema: FastifySchema, url: string): FastifySchema {
  const { body, querystring } = schema
  return {
    ...schema,
    ...(body !== undefined && {
      body: defaultsOptional(body),
      consumes: ['application/x-www-form-urlencoded']
    }),
    ...(querystring !== undefined && { querystring: defaultsOptional(querystring) }),
    ...(/^\/(v2|reconciliations)(\/|$)/.test(url) && { security: [{ basic: [] }] })
  }
}

interface ObjectSchema {
  readonly required?: readonly string[]
  readonly properties: Readonly<Record<string, object>>
}

/** A field with a default is there when a request has been validated, but callers may leave it out. */
function defaultsOptional(schema: unknown): unknown {
  const { required = [], properties } = schema as ObjectSchema
  const needed = required.filter(name => !('default' in (properties[name] ?? {})))
  return { ...(schema as ObjectSchema), required: needed }
}
