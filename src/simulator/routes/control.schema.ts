import { Type } from 'typebox'
import type { Fault as FaultType } from '../faults.ts'
import type { LogEntry } from '../log.ts'

const closed = { additionalProperties: false }

export const ConversationParams = Type.Object({ sid: Type.String() })

export const LogQuery = Type.Object({ after: Type.Integer({ minimum: 0, default: 0 }) }, closed)

export const LogAnswer = Type.Object({
  entries: Type.Array(Type.Unsafe<LogEntry>({ type: 'object', additionalProperties: true })),
  last: Type.Integer()
})

const fault = Type.Object(
  {
    call: Type.String({ pattern: '^[A-Za-z]+ [A-Za-z]+$' }),
    times: Type.Optional(Type.Integer({ minimum: 1 })),
    status: Type.Optional(Type.Integer({ minimum: 400, maximum: 599 })),
    code: Type.Optional(Type.Integer()),
    message: Type.Optional(Type.String()),
    retryAfter: Type.Optional(Type.Integer({ minimum: 0 })),
    after: Type.Optional(Type.Boolean()),
    drop: Type.Optional(Type.Boolean()),
    delay: Type.Optional(Type.Integer({ minimum: 0 })),
    copies: Type.Optional(Type.Integer({ minimum: 1 })),
    overtaken: Type.Optional(Type.Integer({ minimum: 0 }))
  },
  closed
)

export const FaultList = Type.Array(Type.Unsafe<FaultType>(fault))

const writesPerSecond = Type.Integer({ minimum: 1 })
export const NewLimits = Type.Object({ writesPerSecond }, closed)
/** Null for no limit. */
export const Limits = Type.Object({ writesPerSecond: Type.Union([writesPerSecond, Type.Null()]) })

export const Nothing = Type.Null({ description: 'Done' })

export const ControlError = Type.Object({
  code: Type.Integer(),
  message: Type.String(),
  details: Type.Optional(Type.Unknown())
})
