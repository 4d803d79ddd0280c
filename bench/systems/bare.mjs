// What the transport alone costs: the least that any service between Twilio and Redis has to do for a turn.
import { Redis } from 'ioredis'
import { Pool } from 'undici'
import { keyOf, nextState, sendReply } from './state.mjs'
import { serveWebhooks } from './webhook-app.mjs'

const redis = new Redis(process.env.REDIS_URL)
const pool = new Pool(process.env.TWILIO_API_BASE_URL, { connections: 64 })

await serveWebhooks(async ({ ConversationSid, Body }) => {
  const key = keyOf(ConversationSid)
  const state = nextState(await redis.get(key), Body)
  await redis.set(key, JSON.stringify(state))
  await sendReply(pool, ConversationSid, state)
})
