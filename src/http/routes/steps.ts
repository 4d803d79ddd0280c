import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import type { Step } from '../../engine/execution.ts'
import { fetchExecution, fetchStepsUpTo } from '../../runtime/executions.ts'
import { jsonObject } from '../../runtime/json-object.ts'
import type { Position } from '../../runtime/ports.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { requestedWidget, requestStep } from '../../runtime/steps.ts'
import { urlOf } from '../links.ts'
import { cursorOf, cut, oneMore, pageOf } from '../paging.ts'
import { errorResponses, PageQuery } from '../schemas.ts'
import { IdempotencyHeaders } from './executions.schema.ts'
import { stepContextResource, stepResource, stepRunResource } from './step-resource.ts'
import {
  StepContext,
  StepContextParams,
  StepPage,
  StepParams,
  StepRef,
  StepRequest,
  StepRunRef,
  StepsParams
} from './steps.schema.ts'

const tags = ['Steps']

/** https://www.twilio.com/docs/studio/rest-api/v2/step, and our own way to run a single widget. */
export const stepRoutes: FastifyPluginAsyncTypebox<{ readonly runtime: Runtime }> = async (
  app,
  { runtime }
) => {
  app.get('/Flows/:FlowSid/Executions/:ExecutionSid/Steps', {
    schema: {
      operationId: 'ListExecutionStep',
      tags,
      summary: 'Lists the steps of an execution',
      params: StepsParams,
      querystring: Type.Object(PageQuery),
      response: { 200: StepPage, ...errorResponses(400, 401, 404) }
    },
    async handler(request) {
      const { query, params } = request
      const execution = await fetchExecution(runtime, params.FlowSid, params.ExecutionSid)
      const newestFirst = (await runtime.executions.fetchSteps(execution.sid)).toReversed()
      return pageOf('steps', urlOf(request), query, {
        items: cut(newestFirst, position, cursorOf(query), oneMore(query)),
        position,
        describe: step => stepResource(execution, step, request.origin)
      }) as never
    }
  })

  app.get('/Flows/:FlowSid/Executions/:ExecutionSid/Steps/:Sid', {
    schema: {
      operationId: 'FetchExecutionStep',
      tags,
      summary: 'Fetches a step',
      params: StepParams,
      response: { 200: StepRef, ...errorResponses(401, 404) }
    },
    async handler(request) {
      const { FlowSid, ExecutionSid, Sid } = request.params
      const execution = await fetchExecution(runtime, FlowSid, ExecutionSid)
      const steps = await fetchStepsUpTo(runtime, execution, Sid)
      return stepResource(execution, steps.at(-1) as Step, request.origin)
    }
  })

  app.get('/Flows/:FlowSid/Executions/:ExecutionSid/Steps/:StepSid/Context', {
    schema: {
      operationId: 'FetchExecutionStepContext',
      tags,
      summary: 'Fetches what templates found after a step',
      params: StepContextParams,
      response: { 200: StepContext, ...errorResponses(401, 404) }
    },
    async handler(request) {
      const { FlowSid, ExecutionSid, StepSid } = request.params
      const execution = await fetchExecution(runtime, FlowSid, ExecutionSid)
      const steps = await fetchStepsUpTo(runtime, execution, StepSid)
      return stepContextResource(execution, steps, StepSid, request.origin)
    }
  })

  app.post('/Flows/:FlowSid/Executions/:ExecutionSid/Steps', {
    schema: {
      operationId: 'CreateExecutionStep',
      tags,
      summary: 'Ours: runs one widget of a stepwise execution and answers what came of it',
      params: StepsParams,
      headers: IdempotencyHeaders,
      body: StepRequest,
      response: {
        201: StepRunRef,
        202: StepRunRef,
        ...errorResponses(400, 401, 404, 409, 413, 415)
      }
    },
    async handler(request, reply) {
      const { FlowSid, ExecutionSid } = request.params
      const { Continue, Widget, Type: type, Name: name, Properties } = request.body
      const execution = await fetchExecution(runtime, FlowSid, ExecutionSid)
      const given = { type, name, properties: jsonObject('Properties', Properties) }
      const key = request.headers['idempotency-key'] ?? runtime.ids.random()
      const result = await requestStep(runtime, execution, {
        id: `step:${key}`,
        widget: await requestedWidget(runtime, execution, Widget, given, Continue),
        handOver: Continue
      })
      return reply.code(result.step ? 201 : 202).send(stepRunResource(result, request.origin))
    }
  })
}

const position = ({ number, sid }: Step): Position => ({ createdAt: number, sid })
