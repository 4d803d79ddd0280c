import { type Static, Type } from 'typebox'
import {
  DateTime,
  ExecutionSid,
  FlowSid,
  Nullable,
  OneOf,
  PageMetaRef,
  Sid,
  StepSid
} from '../schemas.ts'

export const StepsParams = Type.Object({ FlowSid, ExecutionSid })
export const StepParams = Type.Object({ FlowSid, ExecutionSid, Sid: StepSid })
export const StepContextParams = Type.Object({ FlowSid, ExecutionSid, StepSid })

export const Step = Type.Object(
  {
    sid: StepSid,
    account_sid: Sid('AC', 'SID of the account'),
    flow_sid: FlowSid,
    execution_sid: ExecutionSid,
    parent_step_sid: Nullable(StepSid),
    name: Type.String({ description: 'The event that caused the transition' }),
    context: Type.Object({}, { description: "Always empty; read the step's Context resource" }),
    transitioned_from: Type.String(),
    transitioned_to: Nullable(Type.String()),
    type: Type.String(),
    date_created: DateTime,
    date_updated: DateTime,
    url: Type.String(),
    links: Type.Record(Type.String(), Type.String())
  },
  { $id: 'Step', description: 'One visit to one widget, recorded when the widget is left' }
)
export const StepRef = Type.Unsafe<Static<typeof Step>>(Type.Ref('Step#'))
export const StepPage = Type.Object(
  { meta: PageMetaRef, steps: Type.Array(StepRef) },
  { description: 'A page of steps, newest first' }
)

export const StepContext = Type.Object(
  {
    account_sid: Type.String(),
    context: Type.Unknown({ description: 'flow, trigger, contact and widgets' }),
    execution_sid: ExecutionSid,
    flow_sid: FlowSid,
    step_sid: StepSid,
    url: Type.String()
  },
  { description: 'What templates found after the step' }
)

export const StepRequest = Type.Object({
  Widget: Type.Optional(Type.String({ description: 'A widget of the flow, by its name' })),
  Type: Type.Optional(
    Type.String({ description: 'Instead of Widget: the type of a widget given inline' })
  ),
  Name: Type.Optional(
    Type.String({ description: 'Its name; its variables are found at widgets.NAME' })
  ),
  Properties: Type.Optional(Type.String({ description: 'Its properties: a JSON object as text' })),
  Continue: Type.Boolean({
    default: false,
    description: "Afterwards, follow the flow's own transitions"
  })
})
export type StepRequest = Static<typeof StepRequest>

export const StepRun = Type.Object(
  {
    account_sid: Type.String(),
    flow_sid: FlowSid,
    execution_sid: ExecutionSid,
    status: OneOf(['completed', 'waiting']),
    step_sid: Nullable(StepSid),
    widget: Type.String(),
    transition: Nullable(Type.String({ description: 'The event by which the widget was left' })),
    variables: Type.Unknown({ description: 'What templates now find at widgets.NAME' }),
    problems: Type.Array(Type.Object({ code: Nullable(Type.Integer()), message: Type.String() })),
    url: Nullable(Type.String())
  },
  {
    $id: 'StepRun',
    description:
      'What came of a step. While the widget waits for a reply (202), ask again with the same Idempotency-Key'
  }
)
export const StepRunRef = Type.Unsafe<Static<typeof StepRun>>(Type.Ref('StepRun#'))
