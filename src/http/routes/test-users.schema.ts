import { type Static, Type } from 'typebox'
import { FlowSid } from '../schemas.ts'

const Address = Type.String({ maxLength: 256 })

/** A form with one address has one field, with several a field each; with none, one that is empty. */
export const TestUsersUpdate = Type.Object({
  TestUsers: Type.Union([Type.Array(Address, { maxItems: 1000 }), Address], {
    description:
      'Addresses of the people who get drafts; the field once for each, and once, empty, for nobody'
  })
})
export type TestUsersUpdate = Static<typeof TestUsersUpdate>

export const TestUsers = Type.Object(
  { sid: FlowSid, test_users: Type.Array(Type.String()), url: Type.String() },
  { $id: 'TestUsers', description: "A flow's test users: their executions run the latest draft" }
)
export const TestUsersRef = Type.Unsafe<Static<typeof TestUsers>>(Type.Ref('TestUsers#'))
