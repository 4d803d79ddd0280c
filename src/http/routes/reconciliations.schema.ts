import { type Static, Type } from 'typebox'
import { doneWords, foundWords } from '../../runtime/findings.ts'
import { DateTime, ExecutionSid, FlowSid, Nullable, OneOf, Sid } from '../schemas.ts'

const ReconciliationSid = Sid('RC', 'SID of the reconciliation')

export const ReconciliationParams = Type.Object({ Sid: ReconciliationSid })

const scope = OneOf(['active', 'all'], {
  default: 'active',
  description:
    'Active executions, or ended ones as well; each costs a call of Twilio for its Conversation'
})

export const ReconciliationCreate = Type.Object({
  Scope: scope,
  DryRun: Type.Boolean({ default: false, description: 'Only say what would be put right' }),
  FlowSid: Type.Optional(Sid('FW', "Only this flow's executions")),
  ExecutionSid: Type.Optional(Sid('FN', 'Only this execution, active or ended'))
})
export type ReconciliationCreate = Static<typeof ReconciliationCreate>

const Counts = <Word extends string>(words: readonly Word[], description: string) =>
  Type.Unsafe<Partial<Record<Word, number>>>({
    type: 'object',
    propertyNames: { enum: words },
    additionalProperties: { type: 'integer' },
    description
  })

const Finding = Type.Object({
  execution_sid: Type.String({
    description: 'The execution; where its webhook leads to, if it is none of ours'
  }),
  conversation_sid: Nullable(Type.String()),
  found: OneOf(foundWords),
  done: OneOf(doneWords),
  reason: Nullable(Type.String({ description: 'Why it was not put right' }))
})

export const Reconciliation = Type.Object(
  {
    sid: ReconciliationSid,
    account_sid: Sid('AC', 'SID of the account'),
    status: OneOf(['running', 'completed', 'failed']),
    scope: OneOf(['active', 'all']),
    dry_run: Type.Boolean(),
    flow_sid: Nullable(FlowSid),
    execution_sid: Nullable(ExecutionSid),
    examined: Type.Integer({ description: 'Executions looked at so far' }),
    found: Counts(foundWords, 'How many of what was found'),
    done: Counts(doneWords, 'How many of what was done'),
    findings: Type.Array(Finding, { description: 'The first 500 of them' }),
    error: Nullable(Type.String({ description: 'Why it broke off' })),
    date_created: DateTime,
    date_updated: DateTime,
    date_ended: Nullable(DateTime),
    url: Type.String()
  },
  {
    $id: 'Reconciliation',
    description: 'A comparison of executions with the webhooks and Conversations that Twilio has'
  }
)
export const ReconciliationRef = Type.Unsafe<Static<typeof Reconciliation>>(
  Type.Ref('Reconciliation#')
)
