import { isObject } from '../engine/json.ts'
import type { FlowFault } from '../flow/flow.ts'
import type { FlowRevision, FlowStore } from './ports.ts'

/** Where the definitions of other flows are found. */
interface Source {
  readonly flows: { readonly store: Pick<FlowStore, 'fetchRevision'> }
}

/**
 * What runs here and not in Studio: a subflow that calls a subflow. The paths are those of the definition.
 * https://www.twilio.com/docs/studio/subflows
 */
export async function warningsOf(
  { flows }: Source,
  revision: Pick<FlowRevision, 'definition'>
): Promise<readonly FlowFault[]> {
  const calls = subflowCalls(revision.definition)
  const warnings = await Promise.all(
    calls.map(async ({ index, flowSid }) => {
      const called = await flows.store.fetchRevision(flowSid, 'LatestRevision')
      if (!called || subflowCalls(called.definition).length === 0) return []
      const propertyPath = `#/states/${index}/properties/flow_sid`
      return [
        {
          propertyPath,
          message: `calls ${flowSid}, which calls subflows itself; Studio allows one level`
        }
      ]
    })
  )
  return warnings.flat()
}

/** A draft may be anything, so nothing is taken for granted. */
function subflowCalls(definition: unknown): { index: number; flowSid: string }[] {
  const states = isObject(definition) && Array.isArray(definition.states) ? definition.states : []
  return states.flatMap((state: unknown, index) => {
    if (!isObject(state) || state.type !== 'run-subflow' || !isObject(state.properties)) return []
    const { flow_sid: flowSid } = state.properties
    return typeof flowSid === 'string' ? [{ index, flowSid }] : []
  })
}
