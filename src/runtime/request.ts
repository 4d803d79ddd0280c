import type { Execution } from '../engine/execution.ts'
import type { JsonObject } from '../engine/json.ts'
import { ContactBusy } from './errors.ts'
import { ensureEnded, fetchExecution, startExecution } from './executions.ts'
import type { Runtime } from './runtime.ts'

/** A call to the REST API that is to start an execution. */
export interface RequestTrigger {
  readonly flowSid: string
  readonly to: string
  readonly from: string
  readonly parameters: JsonObject
  readonly mode: Execution['mode']
  /** What happens when the contact has an active execution of this flow. */
  readonly conflictPolicy: 'reject' | 'replace' | 'parallel'
  readonly idempotencyKey: string | null
}

/**
 * Starts an execution for a contact, which is a pair of addresses. Throws `ContactBusy` where the policy says
 * so, and what `startExecution` throws. https://www.twilio.com/docs/studio/rest-api/v2/execution
 */
export async function createExecution(
  runtime: Runtime,
  request: RequestTrigger
): Promise<Execution> {
  const { conflictPolicy, ...trigger } = request
  for (;;) {
    const started = await startExecution(runtime, {
      triggeredBy: 'incomingRequest',
      contact: `${request.to} ${request.from}`,
      initiatedBy: `RQ${runtime.ids.random()}`,
      exclusive: conflictPolicy !== 'parallel',
      ...trigger
    })
    if (started.outcome === 'started') return started.execution
    if (started.outcome === 'repeated') return fetchExecution(runtime, request.flowSid, started.sid)
    if (conflictPolicy !== 'replace') throw new ContactBusy(started.sid)
    await ensureEnded(runtime, started.sid, 'replaced')
  }
}
