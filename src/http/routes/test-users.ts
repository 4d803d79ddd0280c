import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { fetchTestUsers, saveTestUsers } from '../../runtime/flows.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { errorResponses } from '../schemas.ts'
import { FlowParams } from './flows.schema.ts'
import { TestUsersRef, TestUsersUpdate } from './test-users.schema.ts'

const tags = ['Flows']

/** https://www.twilio.com/docs/studio/rest-api/v2/test-user */
export const testUserRoutes: FastifyPluginAsyncTypebox<{ readonly runtime: Runtime }> = async (
  app,
  { runtime }
) => {
  app.get('/Flows/:Sid/TestUsers', {
    schema: {
      operationId: 'FetchTestUser',
      tags,
      summary: 'The people who get the latest draft of a flow',
      params: FlowParams,
      response: { 200: TestUsersRef, ...errorResponses(401, 404) }
    },
    async handler({ params: { Sid }, origin }) {
      return resource(Sid, await fetchTestUsers(runtime, Sid), origin)
    }
  })

  app.post('/Flows/:Sid/TestUsers', {
    schema: {
      operationId: 'UpdateTestUser',
      tags,
      summary: 'Replaces the people who get the latest draft of a flow',
      params: FlowParams,
      body: TestUsersUpdate,
      response: { 200: TestUsersRef, ...errorResponses(400, 401, 404, 413, 415) }
    },
    async handler({ params: { Sid }, body, origin }) {
      const given = [body.TestUsers].flat().filter(address => address !== '')
      const users = await saveTestUsers(runtime, Sid, given)
      return resource(Sid, users, origin)
    }
  })
}

const resource = (flowSid: string, users: readonly string[], origin: string) => ({
  sid: flowSid,
  test_users: [...users],
  url: `${origin}/v2/Flows/${flowSid}/TestUsers`
})
