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

export const OneOf = <const T extends string>(values: readonly T[], options: object = {}) =>
  Type.Unsafe<T>({ type: 'string', enum: values, ...options })

export const ErrorResponse = Type.Object(
  {
    code: Type.Integer({ description: "Twilio's error code" }),
    message: Type.String(),
    more_info: Type.String(),
    status: Type.Integer({ description: 'The HTTP status' }),
    details: Type.Optional(
      Type.Unknown({
        description:
          'conflicting_execution_sid where a contact is busy; errors, each with property_path and message, where a definition is invalid'
      })
    )
  },
  { $id: 'Error', description: "Studio's error body, the same for every error" }
)

const ErrorRef = Type.Unsafe<ErrorBodyValue>(Type.Ref('Error#'))
type ErrorBodyValue = Record<string, unknown>

const reasons = {
  400: 'Something in the request is wrong; the message says what (20001, 81021, 81022, 81023)',
  401: 'No credentials, or wrong ones (20003)',
  403: 'X-Twilio-Signature is missing, or does not fit (20403)',
  404: 'There is no such thing (20404)',
  409: 'Where it stands, this cannot be done; nothing has changed (20409)',
  413: 'The body is too large (20413)',
  429: 'More calls than the operator allows; nothing was done, try again (20429)',
  415: 'The body is neither a form nor JSON (20415)',
  '5xx':
    'The store cannot be reached: 503 (20503), try again after Retry-After seconds. Or an error of ours: 500 (20500)'
}

/** The errors that a call may have, to go beside its own answers. */
export function errorResponses(...statuses: (keyof typeof reasons)[]) {
  const described = ([...statuses, '5xx'] as const).map(status => [
    status,
    { ...ErrorRef, description: reasons[status] }
  ])
  return Object.fromEntries(described) as Record<'5xx', typeof ErrorRef>
}

export const PageQuery = {
  PageSize: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 50,
    description: 'Items on a page'
  }),
  Page: Type.Integer({ minimum: 0, default: 0, description: 'Informational; PageToken decides' }),
  PageToken: Type.Optional(
    Type.String({ maxLength: 200, description: 'From next_page_url or previous_page_url' })
  )
}

export const PageMeta = Type.Object(
  {
    page: Type.Integer(),
    page_size: Type.Integer(),
    key: Type.String({ description: 'The property that holds the items' }),
    first_page_url: Type.String(),
    previous_page_url: Nullable(Type.String()),
    url: Type.String(),
    next_page_url: Nullable(Type.String())
  },
  { $id: 'PageMeta', description: 'Where the page is in its list, and the way to its neighbours' }
)

export const PageMetaRef = Type.Unsafe<Record<string, unknown>>(Type.Ref('PageMeta#'))
