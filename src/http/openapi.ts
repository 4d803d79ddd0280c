import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { Diagnosis, Execution } from './routes/executions.schema.ts'
import { Flow, Revision } from './routes/flows.schema.ts'
import { Step, StepRun } from './routes/steps.schema.ts'
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
          'Runs Twilio Studio flows on Twilio Conversations. Wire-compatible with the Studio REST API v2.',
        license: { name: 'MIT', identifier: 'MIT' }
      },
      components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } }
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema${index}`)
    }
  })
  for (const schema of [
    ErrorResponse,
    PageMeta,
    Flow,
    Revision,
    Execution,
    Diagnosis,
    Step,
    StepRun
  ]) {
    app.addSchema(schema)
  }
}
