import type { Env } from '../engine/widget.ts'
import type { FlowBook } from './flow-book.ts'
import type { Lookout } from './looks.ts'
import type {
  Agents,
  Clock,
  Conversations,
  ExecutionStore,
  HttpCaller,
  Ids,
  Logger,
  NoteStore
} from './ports.ts'
import type { Worker } from './worker.ts'

/** Everything that running executions takes; made once, in `main.ts`, and passed on as it is. */
export interface Tools {
  readonly accountSid: string
  readonly executions: ExecutionStore
  readonly flows: FlowBook
  readonly notes: NoteStore
  readonly conversations: Conversations
  readonly agents: Agents
  readonly http: HttpCaller
  readonly clock: Clock
  readonly ids: Ids
  readonly logger: Logger
  readonly env: Env
  readonly lookout: Lookout
}

export interface Runtime extends Tools {
  readonly worker: Worker
}
