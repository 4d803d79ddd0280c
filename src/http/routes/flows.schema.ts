import { type Static, Type } from 'typebox'
import { DateTime, FlowSid, Nullable, PageMetaRef, Sid } from '../schemas.ts'

const status = Type.Union([Type.Literal('draft'), Type.Literal('published')])
const definition = Type.String({ description: 'The flow definition, as JSON text' })

export const FlowParams = Type.Object({ Sid: FlowSid })
export type FlowParams = Static<typeof FlowParams>

export const FlowCreate = Type.Object({
  FriendlyName: Type.String({ minLength: 1, maxLength: 256 }),
  Status: status,
  Definition: definition,
  CommitMessage: Type.Optional(Type.String({ maxLength: 1024 }))
})
export type FlowCreate = Static<typeof FlowCreate>

export const FlowUpdate = Type.Object({
  FriendlyName: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  Status: status,
  Definition: Type.Optional(definition),
  CommitMessage: Type.Optional(Type.String({ maxLength: 1024 }))
})
export type FlowUpdate = Static<typeof FlowUpdate>

const revisionFields = {
  sid: FlowSid,
  account_sid: Sid('AC', 'SID of the account'),
  author_sid: Nullable(Type.String()),
  friendly_name: Type.String(),
  definition: Nullable(Type.Unknown()),
  status,
  revision: Type.Integer(),
  commit_message: Nullable(Type.String()),
  valid: Nullable(Type.Boolean()),
  errors: Nullable(Type.Array(Type.Unknown())),
  date_created: DateTime,
  date_updated: Nullable(DateTime),
  url: Type.String()
}

export const Flow = Type.Object(
  {
    ...revisionFields,
    warnings: Nullable(Type.Array(Type.Unknown())),
    webhook_url: Type.String(),
    links: Type.Record(Type.String(), Type.String())
  },
  { $id: 'Flow' }
)
export const FlowRef = Type.Unsafe<Static<typeof Flow>>(Type.Ref('Flow#'))
export const FlowPage = Type.Object({ meta: PageMetaRef, flows: Type.Array(FlowRef) })

export const Revision = Type.Object(revisionFields, { $id: 'FlowRevision' })
export const RevisionRef = Type.Unsafe<Static<typeof Revision>>(Type.Ref('FlowRevision#'))
export const RevisionPage = Type.Object({ meta: PageMetaRef, revisions: Type.Array(RevisionRef) })

export const RevisionParams = Type.Object({
  Sid: FlowSid,
  Revision: Type.String({ description: 'A number, LatestPublished or LatestRevision' })
})

export const Valid = Type.Object({ valid: Type.Boolean() })
