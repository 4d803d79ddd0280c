import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Reconciler } from '../../runtime/reconciler.ts'
import type { Reconciliation } from '../../runtime/reconciliation.ts'
import { isoDate } from '../links.ts'
import { errorResponses } from '../schemas.ts'
import {
  ReconciliationCreate,
  ReconciliationParams,
  ReconciliationRef
} from './reconciliations.schema.ts'

export interface ReconciliationRoutesOptions {
  readonly accountSid: string
  readonly reconciler: Reconciler
}

const tags = ['Reconciliations']

/** Ours: webhooks and Conversations as they are, against what the executions want. */
export const reconciliationRoutes: FastifyPluginAsyncTypebox<ReconciliationRoutesOptions> = async (
  app,
  { accountSid, reconciler }
) => {
  app.post('/reconciliations', {
    schema: {
      operationId: 'CreateReconciliation',
      tags,
      summary: 'Compares executions with what Twilio has, and puts it right; one at a time',
      body: ReconciliationCreate,
      response: { 202: ReconciliationRef, ...errorResponses(400, 401, 404, 409, 413, 415) }
    },
    async handler(request, reply) {
      const { Scope, DryRun, FlowSid = null, ExecutionSid = null } = request.body
      const begun = await reconciler.begin({
        scope: Scope,
        dryRun: DryRun,
        flowSid: FlowSid,
        executionSid: ExecutionSid
      })
      const resource = resourceOf(begun, request.origin)
      return reply.code(202).header('location', resource.url).send(resource)
    }
  })

  app.get('/reconciliations/:Sid', {
    schema: {
      operationId: 'FetchReconciliation',
      tags,
      summary: 'How far a reconciliation is, and what came of it; the latest one is kept',
      params: ReconciliationParams,
      response: { 200: ReconciliationRef, ...errorResponses(401, 404) }
    },
    handler: async ({ params: { Sid }, origin }) => resourceOf(await reconciler.fetch(Sid), origin)
  })

  const resourceOf = (reconciliation: Reconciliation, origin: string) => ({
    sid: reconciliation.sid,
    account_sid: accountSid,
    status: reconciliation.status,
    scope: reconciliation.scope,
    dry_run: reconciliation.dryRun,
    flow_sid: reconciliation.flowSid,
    execution_sid: reconciliation.executionSid,
    examined: reconciliation.examined,
    found: { ...reconciliation.found },
    done: { ...reconciliation.done },
    findings: reconciliation.findings.map(finding => ({
      execution_sid: finding.executionSid,
      conversation_sid: finding.conversationSid,
      found: finding.found,
      done: finding.done,
      reason: finding.reason
    })),
    error: reconciliation.error,
    date_created: isoDate(reconciliation.startedAt),
    date_updated: isoDate(reconciliation.updatedAt),
    date_ended: reconciliation.endedAt === null ? null : isoDate(reconciliation.endedAt),
    url: `${origin}/reconciliations/${reconciliation.sid}`
  })
}
