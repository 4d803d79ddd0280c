import { Type } from 'typebox'

/** A Twilio SID: two capital letters and 32 hex digits. */
export const Sid = (prefix: string, description: string) =>
  Type.String({ pattern: `^${prefix}[0-9a-fA-F]{32}$`, minLength: 34, maxLength: 34, description })

export const FlowSid = Sid('FW', 'SID of the flow')
export const ExecutionSid = Sid('FN', 'SID of the execution')
export const StepSid = Sid('FT', 'SID of the step')

export const Nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Union([schema, Type.Null()])

export const DateTime = Type.String({
  format: 'date-time',
  description: 'ISO 8601, UTC, whole seconds'
})

export const ErrorResponse = Type.Object(
  {
    code: Type.Integer({ description: "Twilio's error code" }),
    message: Type.String(),
    more_info: Type.String(),
    status: Type.Integer({ description: 'The HTTP status' }),
    details: Type.Optional(Type.Unknown())
  },
  { $id: 'Error', description: "Studio's error body, the same for every error" }
)

const ErrorRef = Type.Unsafe<ErrorBodyValue>(Type.Ref('Error#'))
type ErrorBodyValue = Record<string, unknown>

/** The responses that any call of the API may have, to go beside its own. */
export const errorResponses = { '4xx': ErrorRef, '5xx': ErrorRef }

export const PageQuery = {
  PageSize: Type.Integer({ minimum: 1, maximum: 1000, default: 50 }),
  Page: Type.Integer({ minimum: 0, default: 0, description: 'Informational; PageToken decides' }),
  PageToken: Type.Optional(Type.String({ maxLength: 200 }))
}

export const PageMeta = Type.Object(
  {
    page: Type.Integer(),
    page_size: Type.Integer(),
    key: Type.String(),
    first_page_url: Type.String(),
    previous_page_url: Nullable(Type.String()),
    url: Type.String(),
    next_page_url: Nullable(Type.String())
  },
  { $id: 'PageMeta' }
)

export const PageMetaRef = Type.Unsafe<Record<string, unknown>>(Type.Ref('PageMeta#'))
