import type { Write } from './context.ts'
import type { Triggered } from './event.ts'
import type { Execution } from './execution.ts'

/**
 * The context at the start of an execution that the REST API triggered: `To` is the contact, `From` the
 * channel, and each key of `Parameters` is found at `flow.data.KEY` too.
 * https://www.twilio.com/docs/studio/rest-api/v2/execution
 */
export function triggerWrites(execution: Execution, { parameters }: Triggered): Write[] {
  const { sid, flowSid, to, from } = execution
  return [
    { path: ['trigger'], value: { request: { to, from, parameters } } },
    { path: ['contact'], value: { channel: { address: to } } },
    {
      path: ['flow'],
      value: { sid, flow_sid: flowSid, channel: { address: from }, data: parameters, variables: {} }
    },
    { path: ['widgets'], value: {} }
  ]
}
