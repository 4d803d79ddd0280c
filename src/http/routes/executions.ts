import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Execution as Entry } from '../../engine/execution.ts'
import { deleteExecution, endExecution, fetchExecution } from '../../runtime/executions.ts'
import { fetchFlow } from '../../runtime/flows.ts'
import { jsonObject } from '../../runtime/json-object.ts'
import type { ExecutionQuery, Position } from '../../runtime/ports.ts'
import { createExecution } from '../../runtime/request.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { checkContact } from '../fields.ts'
import { urlOf } from '../links.ts'
import { cursorOf, oneMore, pageOf } from '../paging.ts'
import { triggersPerSecond } from '../rate-limit.ts'
import { errorResponses } from '../schemas.ts'
import { contextResource, diagnosisResource, executionResource } from './execution-resource.ts'
import {
  ContextParams,
  DiagnosisRef,
  ExecutionContext,
  ExecutionCreate,
  ExecutionList,
  ExecutionPage,
  ExecutionParams,
  ExecutionRef,
  ExecutionUpdate,
  FlowSidParams,
  IdempotencyHeaders
} from './executions.schema.ts'

export interface ExecutionRoutesOptions {
  readonly runtime: Runtime
  /** Null for no limit. */
  readonly maxTriggersPerSecond: number | null
}

const tags = ['Executions']

/** https://www.twilio.com/docs/studio/rest-api/v2/execution */
export const executionRoutes: FastifyPluginAsyncTypebox<ExecutionRoutesOptions> = async (
  app,
  { runtime, maxTriggersPerSecond }
) => {
  app.post('/Flows/:FlowSid/Executions', {
    ...triggersPerSecond(maxTriggersPerSecond),
    schema: {
      operationId: 'CreateExecution',
      tags,
      summary: 'Starts an execution: the REST trigger',
      params: FlowSidParams,
      headers: IdempotencyHeaders,
      body: ExecutionCreate,
      response: { 201: ExecutionRef, ...errorResponses(400, 401, 404, 409, 413, 415, 429) }
    },
    async handler(request, reply) {
      const { To, From, Parameters, ConflictPolicy, Mode } = request.body
      checkContact(To, From)
      const execution = await createExecution(runtime, {
        flowSid: request.params.FlowSid,
        to: To,
        from: From,
        parameters: jsonObject('Parameters', Parameters),
        mode: Mode,
        conflictPolicy: ConflictPolicy,
        idempotencyKey: request.headers['idempotency-key'] ?? null
      })
      return reply.code(201).send(executionResource(execution, request.origin))
    }
  })

  app.get('/Flows/:FlowSid/Executions', {
    schema: {
      operationId: 'ListExecution',
      tags,
      summary: 'Lists the executions of a flow',
      params: FlowSidParams,
      querystring: ExecutionList,
      response: { 200: ExecutionPage, ...errorResponses(400, 401, 404) }
    },
    async handler(request) {
      const { query, params } = request
      await fetchFlow(runtime, params.FlowSid)
      const items = await runtime.executions.list(queryOf(params.FlowSid, query))
      return pageOf('executions', urlOf(request), query, {
        items,
        position,
        describe: execution => executionResource(execution, request.origin)
      }) as never
    }
  })

  app.get('/Flows/:FlowSid/Executions/:Sid', {
    schema: {
      operationId: 'FetchExecution',
      tags,
      summary: 'Fetches an execution',
      params: ExecutionParams,
      response: { 200: ExecutionRef, ...errorResponses(401, 404) }
    },
    async handler(request) {
      const { FlowSid, Sid } = request.params
      return executionResource(await fetchExecution(runtime, FlowSid, Sid), request.origin)
    }
  })

  app.post('/Flows/:FlowSid/Executions/:Sid', {
    schema: {
      operationId: 'UpdateExecution',
      tags,
      summary: 'Ends an execution',
      params: ExecutionParams,
      body: ExecutionUpdate,
      response: { 200: ExecutionRef, ...errorResponses(400, 401, 404, 409, 413, 415) }
    },
    async handler(request) {
      const { FlowSid, Sid } = request.params
      await fetchExecution(runtime, FlowSid, Sid)
      return executionResource(await endExecution(runtime, Sid, 'api'), request.origin)
    }
  })

  app.delete('/Flows/:FlowSid/Executions/:Sid', {
    schema: {
      operationId: 'DeleteExecution',
      tags,
      summary: 'Deletes an execution and its steps; an active one ends first',
      params: ExecutionParams,
      response: { 204: Type.Null({ description: 'Deleted' }), ...errorResponses(401, 404) }
    },
    async handler(request, reply) {
      await deleteExecution(runtime, request.params.FlowSid, request.params.Sid)
      return reply.code(204).send(null)
    }
  })

  app.get('/Flows/:FlowSid/Executions/:ExecutionSid/Context', {
    schema: {
      operationId: 'FetchExecutionContext',
      tags,
      summary: 'Fetches what templates find in an execution',
      params: ContextParams,
      response: { 200: ExecutionContext, ...errorResponses(401, 404) }
    },
    async handler(request) {
      const { FlowSid, ExecutionSid } = request.params
      return contextResource(await fetchExecution(runtime, FlowSid, ExecutionSid), request.origin)
    }
  })

  app.get('/Flows/:FlowSid/Executions/:ExecutionSid/Diagnosis', {
    schema: {
      operationId: 'FetchExecutionDiagnosis',
      tags,
      summary: 'Ours: what the execution waits for, what went wrong, what is left to undo',
      params: ContextParams,
      response: { 200: DiagnosisRef, ...errorResponses(401, 404) }
    },
    async handler(request) {
      const { FlowSid, ExecutionSid } = request.params
      const execution = await fetchExecution(runtime, FlowSid, ExecutionSid)
      return diagnosisResource(runtime, execution, request.origin)
    }
  })
}

const position = ({ createdAt, sid }: Entry): Position => ({ createdAt, sid })

function queryOf(flowSid: string, query: ExecutionList): ExecutionQuery {
  const status = query.status ?? query.Status
  const { DateCreatedFrom, DateCreatedTo, To, ConversationSid } = query
  return {
    flowSid,
    ...(status && { status }),
    ...(DateCreatedFrom && { createdFrom: Date.parse(DateCreatedFrom) }),
    ...(DateCreatedTo && { createdBefore: Date.parse(DateCreatedTo) }),
    ...(To && { to: To }),
    ...(ConversationSid && { conversationSid: ConversationSid }),
    ...cursorOf(query),
    limit: oneMore(query)
  }
}
