import fc from 'fast-check'
import t from 'tap'
import twilio from 'twilio'
import {
  accountSid,
  askAndThank,
  authToken,
  basic,
  buildService
} from '../support/build-service.ts'

/** FUZZ_RUNS=20000 tries more of them. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 300)
t.setTimeout(numRuns * 200)

const fieldNames = [
  'To',
  'From',
  'Parameters',
  'Mode',
  'ConflictPolicy',
  'Status',
  'FriendlyName',
  'Definition',
  'CommitMessage',
  'TestUsers',
  'Widget',
  'Type',
  'Name',
  'Properties',
  'Continue',
  'EventType',
  'ConversationSid',
  'MessageSid',
  'Index',
  'Attributes',
  'Body',
  'Author',
  '__proto__',
  'constructor'
]
const values = [
  'published',
  'stepwise',
  'parallel',
  'ended',
  'true',
  'onMessageAdded',
  '{"a":{"__proto__":{"x":1}}}',
  '{"states":[{"name":"T","type":"trigger","transitions":[]}],"initial_state":"T"}',
  'send-message',
  '0',
  '-1',
  '\u0000'
]
const text = fc.oneof(fc.constantFrom(...values), fc.string({ unit: 'binary' }), fc.json())
const form = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...fieldNames), fc.string()), text), { maxLength: 12 })
  .map(fields => new URLSearchParams(fields))
const body = fc.oneof(
  { weight: 4, arbitrary: form.map(String) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) }
)

t.test('no form makes the service fail, and every refusal has the one shape', async t => {
  const { service, publish, url } = await buildService(t)
  const { app } = service
  const flow = await publish(askAndThank())
  const create = { To: '+1', From: '+2', Mode: 'stepwise' }
  const made = await app.inject({
    method: 'POST',
    url: `/v2/Flows/${flow}/Executions`,
    headers: { authorization: basic(accountSid, authToken), 'content-type': formType },
    payload: new URLSearchParams(create).toString()
  })
  const { sid } = made.json<{ sid: string }>()
  const paths = [
    '/v2/Flows',
    '/v2/Flows/Validate',
    `/v2/Flows/${flow}`,
    `/v2/Flows/${flow}/TestUsers`,
    `/v2/Flows/${flow}/Executions`,
    `/v2/Flows/${flow}/Executions/${sid}/Steps`,
    `/webhooks/executions/${sid}`,
    `/v1/Accounts/${accountSid}/Flows/${flow}`
  ]
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...paths), body, async (path, payload) => {
      const parameters = parametersOf(payload)
      const answer = await app.inject({
        method: 'POST',
        url: path,
        headers: {
          authorization: basic(accountSid, authToken),
          'content-type': formType,
          'x-twilio-signature': twilio.getExpectedTwilioSignature(authToken, url + path, parameters)
        },
        payload
      })
      if (answer.statusCode < 400) return
      const { code, message, more_info, status } = answer.json()
      if (answer.statusCode >= 500) throw new Error(`${path} answered ${answer.body}`)
      if (status !== answer.statusCode || !code || !message || !more_info)
        throw new Error(answer.body)
    }),
    { numRuns }
  )
  t.equal((await app.inject('/readyz')).statusCode, 200)
})

const formType = 'application/x-www-form-urlencoded'

function parametersOf(payload: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(payload)
  return Object.fromEntries([...new Set(fields.keys())].map(name => [name, fields.getAll(name)]))
}
