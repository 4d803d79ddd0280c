// The flows of golden conversations. One that others call as a subflow carries its own `sid`.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Flows } from '../../src/engine/journey.ts'
import type { Flow } from '../../src/flow/flow.ts'
import { parseFlow } from '../../src/flow/parse.ts'
import { widgets } from '../../src/widgets/index.ts'
import { deepFreeze } from './pure-env.ts'

export const flowSid = 'FW00000000000000000000000000000001'

export interface NamedFlow extends Flow {
  readonly name: string
  /** The SID under which other flows call it. */
  readonly sid: string | null
}

/** Every flow of a folder, by its file name without `.json`. */
export function loadFlows(folder: string): Map<string, NamedFlow> {
  const files = readdirSync(folder).filter(
    name => name.endsWith('.json') && name.split('.').length === 2
  )
  return new Map(
    files.map(file => {
      const name = file.slice(0, -'.json'.length)
      const definition = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { sid?: string }
      const parsed = parseFlow(definition, widgets)
      if (!parsed.ok) throw new Error(`${file}: ${JSON.stringify(parsed.faults, null, 2)}`)
      deepFreeze(parsed.flow.definition)
      return [name, { ...parsed.flow, name, sid: definition.sid ?? null }]
    })
  )
}

/** What an execution of one flow may ask for: that flow, and all that can be called. */
export function flowsFor(flow: Flow, all: Iterable<NamedFlow>): Flows {
  const bySid = new Map<string, Flow>([[flowSid, flow]])
  for (const other of all) if (other.sid !== null) bySid.set(other.sid, other)
  return sid => {
    const found = bySid.get(sid)
    if (!found) throw new Error(`Nobody has loaded ${sid}`)
    return found
  }
}
