// The only file that spells a key. All keys of a shard share one hash tag, so a script stays in one slot.
import { hash, randomBytes } from 'node:crypto'

export interface Contact {
  readonly flowSid: string
  readonly contactSid: string
}

/** What one execution has of its own; all of it lives until the execution is removed. */
export interface ExecutionKeys {
  readonly shard: number
  /** The execution, then what each commit added to its steps, packed. */
  readonly record: string
  /** Fence, lease, whether it has ended; the ids of all its events; the lists that only it knows of. */
  readonly head: string
  /** Lives while events wait. */
  readonly inbox: string
  /** The shard's schedule: SIDs by the time at which somebody must look. Lives while it has entries. */
  readonly due: string
}

/** As scripts take them; those that need lists as well take them last. */
export const inOrder = ({ record, head, inbox, due }: ExecutionKeys): string[] => [
  record,
  head,
  inbox,
  due
]

export interface Keys {
  readonly shards: readonly number[]
  /** In how many shards the store was begun. Lives for ever. */
  readonly layout: string
  /** The SIDs of all flows. Lives while there are any. */
  readonly flows: string
  /** The revisions of a flow, by number, and the numbers of the latest ones. Lives until the flow is removed. */
  flow(flowSid: string): string
  due(shard: number): string
  /** A small text. Lives for ever. */
  note(name: string): string
  /** A flow's test users. Lives until the flow is removed. */
  testUsers(flowSid: string): string
  /** Every list of a flow's executions in this shard. Lives while there are any. */
  lists(shard: number, flowSid: string): string
  /** Null where the SID is none that this store can have given. */
  execution(sid: string): ExecutionKeys | null
  newSid(contact: Contact): string
}

export function keysOf(prefix: string, count: number): Keys {
  const rest = `{${prefix}:store}`
  const tag = (shard: number): string => `{${prefix}:${shard}}`
  const due = (shard: number): string => `${tag(shard)}:due`
  return {
    shards: Array.from({ length: count }, (_, shard) => shard),
    layout: `${rest}:shards`,
    flows: `${rest}:flows`,
    flow: flowSid => `${rest}:flow:${keyPart(flowSid)}`,
    testUsers: flowSid => `${rest}:test-users:${keyPart(flowSid)}`,
    due,
    note: name => `${rest}:note:${keyPart(name)}`,
    lists: (shard, flowSid) => `${tag(shard)}:lists:${keyPart(flowSid)}`,
    execution(sid) {
      const shard = shardOf(sid)
      if (!pattern.test(sid) || shard >= count) return null
      const own = `${tag(shard)}:${sid}`
      return {
        shard,
        record: `${own}:record`,
        head: `${own}:head`,
        inbox: `${own}:inbox`,
        due: due(shard)
      }
    },
    newSid({ flowSid, contactSid }) {
      const shard = Number.parseInt(digest([flowSid, contactSid], 'hex').slice(0, 8), 16) % count
      return `FN${shard.toString(16).padStart(4, '0')}${randomBytes(14).toString('hex')}`
    }
  }
}

const pattern = /^FN[0-9a-f]{32}$/
const shardOf = (sid: string): number => Number.parseInt(sid.slice(2, 6), 16)

/** A text from outside as a part of something longer: short, and without anything that could end it. */
export const keyPart = (text: string): string =>
  harmless.test(text) ? text : `#${digest([text]).slice(0, 22)}`

export const digest = (
  parts: readonly string[],
  encoding: 'base64url' | 'hex' = 'base64url'
): string => hash('sha256', JSON.stringify(parts), encoding)

const harmless = /^[\w.:+-]{1,60}$/
