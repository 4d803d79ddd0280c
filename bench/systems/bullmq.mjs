// What a team might write by hand: each message becomes a job, done once, and a worker of the same process
// loads the state, answers, and saves. Messages of one conversation may still overtake each other.
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Pool } from 'undici'
import { keyOf, nextState, sendReply } from './state.mjs'
import { serveWebhooks } from './webhook-app.mjs'

const redis = new Redis(process.env.REDIS_URL)
const pool = new Pool(process.env.TWILIO_API_BASE_URL, { connections: 64 })
const { hostname: host, port } = new URL(process.env.REDIS_URL)
const connection = { host, port: Number(port), maxRetriesPerRequest: null }
const queue = new Queue('messages', { connection })

new Worker(
  'messages',
  async ({ data: { conversationSid, body } }) => {
    const key = keyOf(conversationSid)
    const state = nextState(await redis.get(key), body)
    await sendReply(pool, conversationSid, state)
    await redis.set(key, JSON.stringify(state))
  },
  { connection, concurrency: 200 }
)

await serveWebhooks(({ ConversationSid, MessageSid, Body }) =>
  queue.add(
    'message',
    { conversationSid: ConversationSid, body: Body },
    { jobId: MessageSid, removeOnComplete: { age: 3600 }, attempts: 5 }
  )
)
