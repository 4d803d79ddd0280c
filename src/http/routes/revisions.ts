import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from 'typebox'
import { BadRequest } from '../../runtime/errors.ts'
import { fetchFlow } from '../../runtime/flows.ts'
import type { FlowRevision, Position, RevisionChoice } from '../../runtime/ports.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { urlOf } from '../links.ts'
import { cursorOf, cut, oneMore, pageOf } from '../paging.ts'
import { errorResponses, PageQuery } from '../schemas.ts'
import { revisionResource } from './flow-resource.ts'
import { FlowParams, RevisionPage, RevisionParams, RevisionRef } from './flows.schema.ts'

const tags = ['Flows']

/** https://www.twilio.com/docs/studio/rest-api/v2/flow-revision */
export const revisionRoutes: FastifyPluginAsyncTypebox<{ readonly runtime: Runtime }> = async (
  app,
  { runtime }
) => {
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

/** https://www.twilio.com/docs/api/errors/81021 */
function revisionChoice(text: string): RevisionChoice {
  if (text === 'LatestPublished' || text === 'LatestRevision') return text
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new BadRequest(
    `A revision is a number, LatestPublished or LatestRevision, not ${text}`,
    81021
  )
}

const revisionPosition = ({ revision }: FlowRevision): Position => ({
  createdAt: revision,
  sid: ''
})
