import { type Static, Type } from 'typebox'
import {
  DateTime,
  ExecutionSid,
  FlowSid,
  Nullable,
  OneOf,
  PageMetaRef,
  PageQuery,
  Sid
} from '../schemas.ts'

const status = OneOf(['active', 'ended'])

export const FlowSidParams = Type.Object({ FlowSid })
export const ExecutionParams = Type.Object({ FlowSid, Sid: ExecutionSid })

export const ExecutionCreate = Type.Object({
  To: Type.String({ minLength: 1, description: "The contact's address" }),
  From: Type.String({ minLength: 1, description: "The flow's address" }),
  Parameters: Type.Optional(
    Type.String({
      maxLength: 128 * 1024,
      description: 'A JSON object as text; found in the flow as flow.data'
    })
  ),
  ConflictPolicy: OneOf(['reject', 'replace', 'parallel'], {
    default: 'reject',
    description: 'Ours: what happens when an execution of this flow is active for this contact'
  }),
  Mode: OneOf(['flow', 'stepwise'], {
    default: 'flow',
    description: 'Ours: in stepwise, nothing runs until a step is requested'
  })
})

export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'Ours: the same key again does nothing new, and answers what came of it'
    })
  )
})

export const ExecutionList = Type.Object({
  ...PageQuery,
  status: Type.Optional(status),
  Status: Type.Optional(OneOf(['active', 'ended'], { description: 'Another spelling of status' })),
  DateCreatedFrom: Type.Optional(Type.String({ format: 'date-time', description: 'Inclusive' })),
  DateCreatedTo: Type.Optional(Type.String({ format: 'date-time', description: 'Exclusive' })),
  To: Type.Optional(Type.String({ description: 'Ours: only executions of this contact' })),
  ConversationSid: Type.Optional(
    Type.String({ description: 'Ours: only executions that talk in this Conversation' })
  )
})
export type ExecutionList = Static<typeof ExecutionList>

export const ExecutionUpdate = Type.Object({ Status: OneOf(['ended']) })

export const Execution = Type.Object(
  {
    sid: ExecutionSid,
    account_sid: Sid('AC', 'SID of the account'),
    flow_sid: FlowSid,
    contact_channel_address: Type.String(),
    contact_sid: Sid('FC', 'SID of the contact'),
    flow_version: Type.Integer({ description: 'The flow revision it is pinned to' }),
    context: Type.Object({}, { description: 'Always empty; read the Context resource' }),
    status,
    date_created: DateTime,
    date_updated: DateTime,
    initiated_by: Type.String({ description: 'SID of the request that started it' }),
    url: Type.String(),
    links: Type.Record(Type.String(), Type.String())
  },
  { $id: 'Execution', description: "One person's journey through one flow" }
)
export const ExecutionRef = Type.Unsafe<Static<typeof Execution>>(Type.Ref('Execution#'))
export const ExecutionPage = Type.Object(
  { meta: PageMetaRef, executions: Type.Array(ExecutionRef) },
  { description: 'A page of executions, newest first' }
)

export const ContextParams = Type.Object({ FlowSid, ExecutionSid })
export const ExecutionContext = Type.Object(
  {
    account_sid: Type.String(),
    context: Type.Unknown({ description: 'flow, trigger, contact and widgets' }),
    flow_sid: FlowSid,
    execution_sid: ExecutionSid,
    url: Type.String()
  },
  { description: 'What templates find, as it is now' }
)

const Problem = Type.Object({
  code: Nullable(Type.Integer({ description: "Studio's or Twilio's error code" })),
  message: Type.String(),
  date: DateTime,
  widget: Nullable(Type.String()),
  step_sid: Nullable(Type.String({ description: 'The step during which it happened' }))
})

export const Diagnosis = Type.Object(
  {
    account_sid: Type.String(),
    flow_sid: FlowSid,
    execution_sid: ExecutionSid,
    status,
    doing: Type.String({ description: 'What the execution is doing, in words' }),
    waiting_since: Nullable(DateTime),
    waiting_until: Nullable(DateTime),
    last_look: Nullable(
      Type.String({
        format: 'date-time',
        description: 'When the Conversation was last read back for replies whose webhook never came'
      })
    ),
    next_look: Nullable(
      Type.String({ format: 'date-time', description: 'When that happens next' })
    ),
    question_index: Nullable(
      Type.Integer({ description: 'Only a message with a greater index is an answer' })
    ),
    conversation_sid: Nullable(Type.String()),
    end_reason: Nullable(Type.String()),
    teardown: Nullable(
      Type.Object({
        tasks: Type.Array(Type.Object({ type: Type.String(), conversation_sid: Type.String() })),
        attempts: Type.Integer(),
        next_attempt: DateTime,
        last_error: Nullable(Type.String())
      })
    ),
    problems: Type.Array(Problem),
    url: Type.String()
  },
  { $id: 'Diagnosis', description: 'Why an execution stands where it does' }
)
export const DiagnosisRef = Type.Unsafe<Static<typeof Diagnosis>>(Type.Ref('Diagnosis#'))
