import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { warningsOf } from '../../runtime/flow-warnings.ts'
import {
  createFlow,
  deleteFlow,
  type FlowChange,
  fetchFlow,
  putFlow,
  updateFlow,
  validateFlow
} from '../../runtime/flows.ts'
import type { FlowRevision, Position } from '../../runtime/ports.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { urlOf } from '../links.ts'
import { cursorOf, cut, oneMore, pageOf } from '../paging.ts'
import { errorResponses, PageQuery } from '../schemas.ts'
import { faultResource, flowResource } from './flow-resource.ts'
import { FlowCreate, FlowPage, FlowParams, FlowRef, FlowUpdate, Valid } from './flows.schema.ts'

export interface FlowRoutesOptions {
  readonly runtime: Runtime
  /** Where Twilio would send inbound triggers. */
  readonly publicUrl: string
}

const definitionBytes = 4 * 1024 * 1024
const tags = ['Flows']

/** https://www.twilio.com/docs/studio/rest-api/v2/flow */
export const flowRoutes: FastifyPluginAsyncTypebox<FlowRoutesOptions> = async (
  app,
  { runtime, publicUrl }
) => {
  const describe = flowResource(runtime.accountSid, publicUrl)
  const withWarnings = async (flow: FlowRevision, origin: string) => ({
    ...describe(flow, origin),
    warnings: (await warningsOf(runtime, flow)).map(faultResource)
  })

  app.post('/Flows', {
    bodyLimit: definitionBytes,
    schema: {
      operationId: 'CreateFlow',
      tags,
      summary: 'Creates a flow and its first revision',
      body: FlowCreate,
      response: { 201: FlowRef, ...errorResponses(400, 401, 413, 415) }
    },
    async handler(request, reply) {
      const flow = await createFlow(runtime, changeOf(request.body))
      return reply.code(201).send(await withWarnings(flow, request.origin))
    }
  })

  app.post('/Flows/Validate', {
    bodyLimit: definitionBytes,
    schema: {
      operationId: 'UpdateFlowValidate',
      tags,
      summary: 'Says every fault of a definition, and saves nothing',
      body: FlowCreate,
      response: { 200: Valid, ...errorResponses(400, 401, 413, 415) }
    },
    async handler(request) {
      validateFlow(runtime, request.body.Definition)
      return { valid: true }
    }
  })

  app.get('/Flows', {
    schema: {
      operationId: 'ListFlow',
      tags,
      summary: 'Lists flows',
      querystring: Type.Object(PageQuery),
      response: { 200: FlowPage, ...errorResponses(400, 401) }
    },
    async handler(request) {
      const { query } = request
      const flows = await runtime.flows.store.listFlows()
      const items = cut(flows, flowPosition, cursorOf(query), oneMore(query))
      return pageOf('flows', urlOf(request), query, {
        items,
        position: flowPosition,
        describe: flow => ({
          ...describe(flow, request.origin),
          definition: null,
          valid: null,
          errors: null,
          warnings: null
        })
      }) as never
    }
  })

  app.get('/Flows/:Sid', {
    schema: {
      operationId: 'FetchFlow',
      tags,
      summary: 'Fetches the latest revision of a flow',
      params: FlowParams,
      response: { 200: FlowRef, ...errorResponses(401, 404) }
    },
    handler: async request =>
      withWarnings(await fetchFlow(runtime, request.params.Sid), request.origin)
  })

  app.post('/Flows/:Sid', {
    bodyLimit: definitionBytes,
    schema: {
      operationId: 'UpdateFlow',
      tags,
      summary: 'Saves a new revision of a flow',
      params: FlowParams,
      body: FlowUpdate,
      response: { 200: FlowRef, ...errorResponses(400, 401, 404, 413, 415) }
    },
    handler: async request =>
      withWarnings(
        await updateFlow(runtime, request.params.Sid, changeOf(request.body)),
        request.origin
      )
  })

  app.put('/Flows/:Sid', {
    bodyLimit: definitionBytes,
    schema: {
      operationId: 'PutFlow',
      tags,
      summary:
        'Creates or replaces a flow under a given SID. Ours; flows that call each other name their SIDs',
      params: FlowParams,
      body: FlowCreate,
      response: { 200: FlowRef, ...errorResponses(400, 401, 404, 413, 415) }
    },
    handler: async request =>
      withWarnings(
        await putFlow(runtime, request.params.Sid, changeOf(request.body)),
        request.origin
      )
  })

  app.delete('/Flows/:Sid', {
    schema: {
      operationId: 'DeleteFlow',
      tags,
      summary: 'Ends the active executions of a flow, and deletes it',
      params: FlowParams,
      response: { 204: Type.Null({ description: 'Deleted' }), ...errorResponses(401, 404) }
    },
    async handler(request, reply) {
      await deleteFlow(runtime, request.params.Sid)
      return reply.code(204).send(null)
    }
  })
}

function changeOf(body: FlowUpdate): FlowChange {
  const { FriendlyName, Status, Definition, CommitMessage, AuthorSid } = body
  return {
    status: Status,
    ...(FriendlyName !== undefined && { friendlyName: FriendlyName }),
    ...(Definition !== undefined && { definition: Definition }),
    ...(CommitMessage !== undefined && { commitMessage: CommitMessage }),
    ...(AuthorSid !== undefined && { authorSid: AuthorSid })
  }
}

const flowPosition = ({ flowCreatedAt, flowSid }: FlowRevision): Position => ({
  createdAt: flowCreatedAt,
  sid: flowSid
})
