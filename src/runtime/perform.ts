import type { Answer, ConversationRef, Effect, EffectType, Failure } from '../engine/effect.ts'
import type { Execution } from '../engine/execution.ts'
import { CallFailed, InvalidFlow, NotFound, NotNow, Stopping, StoreUnavailable } from './errors.ts'
import { loadSubflow } from './flow-book.ts'
import { once } from './once.ts'
import type { Tools } from './runtime.ts'

/** Clocks differ; a message is looked for from a little before its execution began. */
const clockSkewMs = 5 * 60 * 1000

/** Nobody can be asked whether these were done, so the turn is saved as soon as they were. */
const withoutTrace: ReadonlySet<EffectType> = new Set(['http-request', 'create-interaction'])

export const leavesNoTrace = ({ type }: Effect): boolean => withoutTrace.has(type)

/**
 * Does one effect and answers how it went. What was perhaps done before, by a turn that died or a call that
 * got no answer, is looked for before it is done again. Throws nothing but `Stopping`.
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
    // No answer of the world's: the turn breaks off, and is repeated.
    if (error instanceof Stopping || error instanceof StoreUnavailable) throw error
    const { sid: executionSid } = execution
    tools.logger.warn({ executionSid, effect: effect.type, error }, 'An effect failed')
    return { ok: false, failure: failureOf(error) }
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof CallFailed) return error.failure
  const message = error instanceof Error ? error.message : String(error)
  const refused =
    error instanceof NotFound || error instanceof NotNow || error instanceof InvalidFlow
  return { code: null, status: null, message, outcome: refused ? 'refused' : 'unknown' }
}

type Value = Extract<Answer, { ok: true }>['value']

function carryOut(
  tools: Tools,
  effect: Effect,
  execution: Execution,
  recovering: boolean
): Promise<Value> {
  const { conversations } = tools
  switch (effect.type) {
    case 'fetch-conversation':
      return conversations.fetch(effect)
    case 'list-participants':
      return conversations.participants(effect)
    case 'create-conversation':
      return once(tools, recovering, {
        look: () =>
          findCreated(tools, { conversationSid: effect.id, serviceSid: effect.serviceSid }),
        act: () => conversations.create(effect, effect.id)
      })
    case 'add-participant':
      return once(tools, recovering, {
        look: async () => (await conversations.participants(effect))[0] ?? null,
        act: () => conversations.addParticipant(effect)
      })
    case 'delete-conversation':
      return conversations.delete(effect).then(() => null)
    case 'add-webhook':
      return addWebhook(tools, effect, execution.sid, recovering)
    case 'remove-webhook':
      return removeWebhooks(tools, effect, execution.sid)
    case 'send-message':
      return once(tools, recovering, {
        look: () => conversations.findSent(effect, effect.id, execution.createdAt - clockSkewMs),
        act: () => conversations.send(effect, effect.id)
      })
    case 'create-interaction':
      return tools.agents.handOver(effect)
    case 'http-request':
      return tools.http.call(effect, effect.id)
    case 'load-flow':
      return loadSubflow(tools.flows, execution, effect.flowSid, effect.revision).then(
        revision => ({ revision })
      )
    default:
      return effect satisfies never
  }
}

async function findCreated({ conversations }: Tools, ref: ConversationRef) {
  try {
    return await conversations.fetch(ref)
  } catch (error) {
    if (error instanceof CallFailed && error.failure.status === 404) return null
    throw error
  }
}

/** Registers the webhook of an execution, or answers the one that is there already. */
export const addWebhook = (
  { conversations, clock }: Pick<Tools, 'conversations' | 'clock'>,
  conversation: ConversationRef,
  executionSid: string,
  lookFirst: boolean
): Promise<{ readonly webhookSid: string }> =>
  once({ clock }, lookFirst, {
    look: async () => {
      const found = await conversations.findWebhooks(conversation, executionSid)
      return found.find(({ current }) => current) ?? null
    },
    act: () => conversations.addWebhook(conversation, executionSid)
  })

/** Removes every webhook that leads to this execution: a call without an answer may have made a second one. */
export async function removeWebhooks(
  { conversations }: Pick<Tools, 'conversations'>,
  conversation: ConversationRef,
  executionSid: string
): Promise<null> {
  for (const { webhookSid } of await conversations.findWebhooks(conversation, executionSid)) {
    await conversations.removeWebhook(conversation, webhookSid)
  }
  return null
}
