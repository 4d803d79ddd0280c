// The only file that knows Lua: each script becomes a command of the client. Arguments are in the order that
// the head of the script lists; a negative number is a refusal.
import { readFileSync } from 'node:fs'
import type { ClientContext, Result } from 'ioredis'
import type { Client } from './connection.ts'

const numberOfKeys = {
  'create-execution': 5,
  'deliver-instead': 4,
  'deliver-event': 4,
  'claim-execution': 4,
  'commit-turn': 5,
  'renew-lease': 2,
  'remove-execution': 5,
  'save-revision': 2,
  'remove-flow': 3,
  'replace-note': 1
}

export function defineScripts(client: Client): void {
  for (const [name, keys] of Object.entries(numberOfKeys)) {
    const lua = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8')
    const command = name.replace(/-./g, dash => dash.slice(1).toUpperCase())
    client.defineCommand(command, { lua, numberOfKeys: keys })
  }
}

type Value = string | number | Buffer
/** What a script answers where it has claimed. */
export type Taken = [
  fence: number,
  recovering: 0 | 1,
  mark: Buffer,
  /** Null where the caller has what was saved last; else its first texts. */
  record: Buffer[] | null,
  /** Null where there is only the one that the caller brought. */
  events: Buffer[] | null
]

// `Buffer` asks for replies that are not read as text, which ioredis offers for every command.
declare module 'ioredis' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    createExecution(...args: Value[]): Result<1 | [refusal: -1 | -2, place: string], Context>
    deliverInstead(...args: Value[]): Result<1 | -1 | -2, Context>
    deliverEventBuffer(...args: Value[]): Result<Taken | 0 | -1 | -2 | -3, Context>
    claimExecutionBuffer(...args: Value[]): Result<Taken | -1, Context>
    commitTurn(...args: Value[]): Result<string[] | -1 | -2, Context>
    renewLease(...args: Value[]): Result<1 | -1, Context>
    removeExecution(...args: Value[]): Result<1 | -1, Context>
    saveRevision(...args: Value[]): Result<1 | -1, Context>
    removeFlow(...args: Value[]): Result<0 | 1, Context>
    replaceNote(...args: Value[]): Result<1 | -1, Context>
  }
}
