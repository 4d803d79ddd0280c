import { type Api, apiOptions } from './api.ts'
import { CommandFailed, type Given, type Option, text } from './command.ts'

/** What the commands about executions have in common. */
export interface ExecutionBody {
  readonly sid: string
  readonly flow_sid: string
  readonly status: 'active' | 'ended'
  readonly contact_channel_address: string
  readonly flow_version: number
  readonly date_created: string
  readonly date_updated: string
  readonly initiated_by: string
}

export const executionOptions: Readonly<Record<string, Option>> = {
  flow: { type: 'string', value: 'FW…', about: 'The flow it runs; without it all flows are asked' },
  ...apiOptions
}

export const pathOf = ({ flow_sid, sid }: ExecutionBody): string =>
  `/v2/Flows/${flow_sid}/Executions/${sid}`

/** The API finds executions under their flows; people know only the execution. */
export async function findExecution(api: Api, given: Given, sid: string): Promise<ExecutionBody> {
  for (const flow of await flowSids(api, given)) {
    const found = await api.find<ExecutionBody>(
      `/v2/Flows/${flow}/Executions/${encodeURIComponent(sid)}`
    )
    if (found) return found
  }
  throw new CommandFailed(`There is no execution ${sid} at ${api.url}`)
}

export async function flowSids(api: Api, given: Given): Promise<string[]> {
  const flow = text(given, 'flow')
  if (flow !== undefined) return [encodeURIComponent(flow)]
  const flows = await api.list<{ sid: string }>('/v2/Flows', 'flows', 10_000)
  return flows.map(({ sid }) => sid)
}
