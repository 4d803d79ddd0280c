import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false }
const address = Type.String({ minLength: 1, maxLength: 256 })
const maybe = Type.Union([Type.String(), Type.Null()])

export const Attributes = Type.Record(Type.String(), Type.Unknown())
export type Attributes = Static<typeof Attributes>

/** A phone, by its address and the number it talks to; or a chat user. */
export const NewParticipant = Type.Object(
  {
    address: Type.Optional(address),
    proxyAddress: Type.Optional(address),
    identity: Type.Optional(address),
    attributes: Type.Optional(Attributes)
  },
  closed
)

/**
 * A service that does not exist yet is created, since flows name services by their literal SIDs.
 */
export const NewConversation = Type.Object(
  {
    friendlyName: Type.Optional(Type.String({ maxLength: 256 })),
    uniqueName: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    serviceSid: Type.Optional(Type.String({ pattern: '^IS[0-9a-fA-F]{32}$' })),
    attributes: Type.Optional(Attributes),
    participants: Type.Optional(Type.Array(NewParticipant))
  },
  closed
)
export type NewConversation = Static<typeof NewConversation>

const NewMedia = Type.Object(
  {
    contentType: Type.String(),
    filename: Type.Optional(Type.String()),
    size: Type.Optional(Type.Integer({ minimum: 0 }))
  },
  closed
)

/**
 * What the customer says. The author is an address or an identity; the first participant if not
 * given.
 */
export const Saying = Type.Object(
  {
    body: Type.Optional(Type.String()),
    author: Type.Optional(Type.String()),
    attributes: Type.Optional(Attributes),
    media: Type.Optional(Type.Array(NewMedia))
  },
  closed
)
export type Saying = Static<typeof Saying>

export const ParticipantView = Type.Object({
  sid: Type.String(),
  identity: maybe,
  address: maybe,
  proxyAddress: maybe,
  attributes: Type.Unknown()
})
export type ParticipantView = Static<typeof ParticipantView>

export const MessageView = Type.Object({
  sid: Type.String(),
  index: Type.Integer(),
  author: Type.String(),
  body: maybe,
  attributes: Type.Unknown(),
  media: Type.Array(
    Type.Object({
      sid: Type.String(),
      contentType: Type.String(),
      filename: maybe,
      size: Type.Integer()
    })
  ),
  participantSid: maybe,
  dateCreated: Type.String()
})
export type MessageView = Static<typeof MessageView>

export const WebhookView = Type.Object({
  sid: Type.String(),
  target: Type.String(),
  url: maybe,
  method: Type.String(),
  filters: Type.Array(Type.String()),
  flowSid: maybe
})
export type WebhookView = Static<typeof WebhookView>

export const InteractionView = Type.Object({
  sid: Type.String(),
  channelType: Type.String(),
  workflowSid: Type.String(),
  taskSid: Type.String(),
  taskChannel: Type.String(),
  attributes: Type.Unknown(),
  priority: Type.Integer(),
  timeout: Type.Integer(),
  dateCreated: Type.String()
})
export type InteractionView = Static<typeof InteractionView>

export const ConversationView = Type.Object({
  sid: Type.String(),
  serviceSid: Type.String(),
  friendlyName: maybe,
  uniqueName: maybe,
  attributes: Type.Unknown(),
  state: Type.String(),
  dateCreated: Type.String(),
  participants: Type.Array(ParticipantView),
  messages: Type.Array(MessageView),
  webhooks: Type.Array(WebhookView),
  interactions: Type.Array(InteractionView)
})
export type ConversationView = Static<typeof ConversationView>
