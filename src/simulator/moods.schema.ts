import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false }
const chance = Type.Number({ minimum: 0, maximum: 1, description: 'How likely, from 0 to 1' })
const ms = (description: string) => Type.Integer({ minimum: 0, maximum: 600_000, description })
const serverError = Type.Optional(
  Type.Object(
    { chance, status: Type.Optional(Type.Integer({ minimum: 500, maximum: 599 })) },
    closed
  )
)
const timeout = Type.Optional(
  Type.Object(
    { chance, hang: Type.Optional(ms('Before the connection is cut; at once if not given')) },
    closed
  )
)
const wait = Type.Optional(Type.Object({ chance, from: ms('At least'), to: ms('At most') }, closed))

/** How likely each misbehaviour is for one type of call. */
export const Mood = Type.Object(
  {
    // Calls of the API.
    tooMany: Type.Optional(
      Type.Object(
        {
          chance,
          retryAfter: Type.Optional(
            Type.Integer({ minimum: 0, description: 'Seconds, for the header of that name' })
          )
        },
        closed
      )
    ),
    serverError,
    serverErrorAfter: serverError,
    timeout,
    timeoutAfter: timeout,
    slow: wait,
    fullHooks: Type.Optional(Type.Object({ chance }, closed)),
    // Calls of webhooks.
    lose: Type.Optional(Type.Object({ chance }, closed)),
    duplicate: Type.Optional(
      Type.Object({ chance, copies: Type.Optional(Type.Integer({ minimum: 2 })) }, closed)
    ),
    delay: wait,
    reorder: Type.Optional(
      Type.Object(
        { chance, within: Type.Optional(ms('Waits no longer than this for one to overtake it')) },
        closed
      )
    )
  },
  closed
)
export type Mood = Static<typeof Mood>
export type Misbehaviour = keyof Mood

/** Moods by type of call, as faults name them, or `*` for what every type shares. */
const calls = Type.Record(Type.String({ pattern: '^(\\*|[A-Za-z]+ [A-Za-z]+)$' }), Mood, closed)

/** Without a seed one is made up, and told, so that a bad run can be repeated. */
export const NewMoods = Type.Object(
  { seed: Type.Optional(Type.Integer({ minimum: 0 })), calls },
  closed
)
export type NewMoods = Static<typeof NewMoods>

export const Moods = Type.Object({ seed: Type.Union([Type.Integer(), Type.Null()]), calls })
export type Moods = Static<typeof Moods>
