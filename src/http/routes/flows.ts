import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { BadRequest } from '../../runtime/errors.ts'
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
import type { FlowRevision, Position, RevisionChoice } from '../../runtime/ports.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { isoDate, urlOf } from '../links.ts'
import { cursorOf, cut, oneMore, pageOf } from '../paging.ts'
import { errorResponses, PageQuery } from '../schemas.ts'
import {
  FlowCreate,
  FlowPage,
  FlowParams,
  FlowRef,
  FlowUpdate,
  RevisionPage,
  RevisionParams,
  RevisionRef,
  Valid
} from './flows.schema.ts'

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

  app.get('/Flows/:Sid/Revisions', {
    schema: {
      operationId: 'ListFlowRevision',
      tags,
      summary: 'Lists the revisions of a flow',
      params: FlowParams,
      querystring: Type.Object(PageQuery),
      response: { 200: RevisionPage, ...errorResponses(400, 401, 404) }
    },
    async handler(request) {
      const { query, params } = request
      await fetchFlow(runtime, params.Sid)
      const revisions = await runtime.flows.store.listRevisions(params.Sid)
      const items = cut(revisions, revisionPosition, cursorOf(query), oneMore(query))
      return pageOf('revisions', urlOf(request), query, {
        items,
        position: revisionPosition,
        describe: revision => revisionResource(runtime.accountSid, revision, request.origin)
      }) as never
    }
  })

  app.get('/Flows/:Sid/Revisions/:Revision', {
    schema: {
      operationId: 'FetchFlowRevision',
      tags,
      summary: 'Fetches one revision of a flow',
      params: RevisionParams,
      response: { 200: RevisionRef, ...errorResponses(400, 401, 404) }
    },
    async handler(request) {
      const { Sid, Revision } = request.params
      const revision = await fetchFlow(runtime, Sid, revisionChoice(Revision))
      return revisionResource(runtime.accountSid, revision, request.origin)
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

/** https://www.twilio.com/docs/api/errors/81021 */
function revisionChoice(text: string): RevisionChoice {
  if (text === 'LatestPublished' || text === 'LatestRevision') return text
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new BadRequest(
    `A revision is a number, LatestPublished or LatestRevision, not ${text}`,
    81021
  )
}

const flowPosition = ({ flowCreatedAt, flowSid }: FlowRevision): Position => ({
  createdAt: flowCreatedAt,
  sid: flowSid
})
const revisionPosition = ({ revision }: FlowRevision): Position => ({
  createdAt: revision,
  sid: ''
})

function revisionResource(accountSid: string, revision: FlowRevision, origin: string) {
  return {
    ...commonFields(accountSid, revision),
    url: `${origin}/v2/Flows/${revision.flowSid}/Revisions/${revision.revision}`
  }
}

const flowResource =
  (accountSid: string, publicUrl: string) => (revision: FlowRevision, origin: string) => {
    const url = `${origin}/v2/Flows/${revision.flowSid}`
    return {
      ...commonFields(accountSid, revision),
      warnings: [],
      webhook_url: `${publicUrl}/v1/Accounts/${accountSid}/Flows/${revision.flowSid}`,
      url,
      links: {
        test_users: `${url}/TestUsers`,
        revisions: `${url}/Revisions`,
        executions: `${url}/Executions`
      }
    }
  }

function commonFields(accountSid: string, revision: FlowRevision) {
  const { faults } = revision
  return {
    sid: revision.flowSid,
    account_sid: accountSid,
    author_sid: revision.authorSid,
    friendly_name: revision.friendlyName,
    definition: revision.definition,
    status: revision.status,
    revision: revision.revision,
    commit_message: revision.commitMessage,
    valid: faults.length === 0,
    errors: faults.map(faultResource),
    date_created: isoDate(revision.flowCreatedAt),
    date_updated: revision.revision === 1 ? null : isoDate(revision.createdAt)
  }
}

const faultResource = ({ propertyPath, message }: FlowRevision['faults'][number]) => ({
  property_path: propertyPath,
  message
})
