import type { Answer, Effect, Failure } from '../engine/effect.ts'
import type { Execution } from '../engine/execution.ts'
import { CallFailed } from './errors.ts'
import type { Tools } from './runtime.ts'

const attempts = 5
const firstPauseMs = 500
/** Clocks differ; a message is looked for from a little before its execution began. */
const clockSkewMs = 5 * 60 * 1000

/**
 * Does one effect and answers how it went. What was perhaps done before, by a turn that died or a call that
 * got no answer, is looked for before it is done again.
 */
export async function perform(
  tools: Tools,
  effect: Effect,
  execution: Execution,
  recovering: boolean
): Promise<Answer> {
  try {
    return { ok: true, value: await carryOut(tools, effect, execution, recovering) }
  } catch (error) {
    const { sid: executionSid } = execution
    tools.logger.warn({ executionSid, effect: effect.type, error }, 'An effect failed')
    return { ok: false, failure: error instanceof CallFailed ? error.failure : unforeseen(error) }
  }
}

const unforeseen = (error: unknown): Failure => ({
  code: null,
  status: null,
  message: error instanceof Error ? error.message : String(error),
  outcome: 'unknown'
})

async function carryOut(tools: Tools, effect: Effect, execution: Execution, recovering: boolean) {
  const { conversations } = tools
  switch (effect.type) {
    case 'fetch-conversation':
      return conversations.fetch(effect)
    case 'list-participants':
      return conversations.participants(effect)
    case 'remove-webhook':
      return removeWebhooks(tools, effect, execution.sid)
    case 'add-webhook':
      return once(
        tools,
        recovering,
        async () => {
          const found = await conversations.findWebhooks(effect, execution.sid)
          return found.find(({ current }) => current) ?? null
        },
        () => conversations.addWebhook(effect, execution.sid)
      )
    case 'send-message':
      return once(
        tools,
        recovering,
        () => conversations.findSent(effect, effect.id, execution.createdAt - clockSkewMs),
        () => conversations.send(effect, effect.id)
      )
    default:
      return effect satisfies never
  }
}

/** Removes every webhook that leads to this execution: a call without an answer may have made a second one. */
export async function removeWebhooks(
  { conversations }: Pick<Tools, 'conversations'>,
  conversation: Parameters<Tools['conversations']['findWebhooks']>[0],
  executionSid: string
): Promise<null> {
  for (const { webhookSid } of await conversations.findWebhooks(conversation, executionSid)) {
    await conversations.removeWebhook(conversation, webhookSid)
  }
  return null
}

/** Acts at most once: looks first where it may have happened already, and again after an unknown outcome. */
async function once<T>(
  { clock }: Tools,
  lookFirst: boolean,
  look: () => Promise<T | null>,
  act: () => Promise<T>
): Promise<T> {
  for (let attempt = 1, looking = lookFirst; ; attempt++, looking = true) {
    const done = looking ? await look() : null
    if (done !== null) return done
    try {
      return await act()
    } catch (error) {
      const unknown = error instanceof CallFailed && error.failure.outcome === 'unknown'
      if (!unknown || attempt === attempts) throw error
      await clock.sleep(firstPauseMs * 2 ** (attempt - 1))
    }
  }
}
