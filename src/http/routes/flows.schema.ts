import { type Static, Type } from 'typebox'
import { DateTime, FlowSid, Nullable, OneOf, PageMetaRef, Sid } from '../schemas.ts'

const status = OneOf(['draft', 'published'], {
  description: 'Executions run the latest revision that is published'
})
const definition = Type.String({ description: 'The flow definition, as JSON text' })
const friendlyName = Type.String({ minLength: 1, maxLength: 256, description: 'Its name' })
const commitMessage = Type.Optional(
  Type.String({ maxLength: 1024, description: 'What this revision changes' })
)

const authorSid = Type.Optional(Sid('US', 'Who made this revision'))

export const FlowParams = Type.Object({ Sid: FlowSid })
export type FlowParams = Static<typeof FlowParams>

export const FlowCreate = Type.Object({
  FriendlyName: friendlyName,
  Status: status,
  Definition: definition,
  CommitMessage: commitMessage,
  AuthorSid: authorSid
})
export type FlowCreate = Static<typeof FlowCreate>

export const FlowUpdate = Type.Object({
  FriendlyName: Type.Optional(friendlyName),
  Status: status,
  Definition: Type.Optional(definition),
  CommitMessage: commitMessage,
  AuthorSid: authorSid
})
export type FlowUpdate = Static<typeof FlowUpdate>

const Fault = Type.Object({
  property_path: Type.String({ description: 'As in #/states/3/properties/timeout' }),
  message: Type.String()
})

const revisionFields = {
  sid: FlowSid,
  account_sid: Sid('AC', 'SID of the account'),
  author_sid: Nullable(Type.String()),
  friendly_name: Type.String(),
  definition: Type.Unknown({ description: 'As it was saved; null in the list of flows' }),
  status,
  revision: Type.Integer(),
  commit_message: Nullable(Type.String()),
  valid: Nullable(Type.Boolean({ description: 'A draft may be faulty' })),
  errors: Nullable(Type.Array(Fault)),
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
  { $id: 'Flow', description: 'A flow, in its latest revision' }
)
export const FlowRef = Type.Unsafe<Static<typeof Flow>>(Type.Ref('Flow#'))
export const FlowPage = Type.Object(
  { meta: PageMetaRef, flows: Type.Array(FlowRef) },
  { description: 'A page of flows, newest first' }
)

export const Revision = Type.Object(revisionFields, {
  $id: 'FlowRevision',
  description: 'One saved state of a flow'
})
export const RevisionRef = Type.Unsafe<Static<typeof Revision>>(Type.Ref('FlowRevision#'))
export const RevisionPage = Type.Object(
  { meta: PageMetaRef, revisions: Type.Array(RevisionRef) },
  { description: 'A page of revisions, newest first' }
)

export const RevisionParams = Type.Object({
  Sid: FlowSid,
  Revision: Type.String({ description: 'A number, LatestPublished or LatestRevision' })
})

export const Valid = Type.Object(
  { valid: Type.Boolean() },
  { description: 'The definition has no fault; one that has is answered with 400' }
)
