// What somebody sees of a story who looks at it from outside: in Twilio, in the store, at the servers called.

import { deepStrictEqual, equal } from 'node:assert/strict'
import type { Step } from '../../../src/engine/execution.ts'
import type { Lab } from './lab.ts'

export interface Outcome {
  readonly bodies: readonly (string | null)[]
  /** Widget and transition of each step. */
  readonly path: readonly string[]
  /** The steps with all they wrote, and no trace of when and under which names it happened. */
  readonly steps: string
  /** Why it ended; `deleted` where it is gone. */
  readonly end: string | undefined
  readonly conversation: string
  readonly tasks: number
  /** Servers called, each key once. */
  readonly calls: readonly string[]
  readonly problems: readonly (number | null)[]
}

export async function outcomeOf(lab: Lab, sid: string, conversationSid: string): Promise<Outcome> {
  const { state, messages, interactions } = lab.world.conversation(conversationSid)
  const steps = await lab.store.executions.fetchSteps(sid)
  const execution = await lab.store.executions.fetch(sid)
  const calls = new Map(lab.shop.map(({ key, url, body }) => [key, `${url} ${body}`]))
  return {
    bodies: messages.map(({ body }) => body),
    path: steps.map(({ widget, transition }) => `${widget} ${transition}`),
    steps: nameless(steps),
    end: execution ? execution.end?.reason : 'deleted',
    conversation: state,
    tasks: interactions.length,
    calls: [...calls.values()],
    problems: (execution?.problems ?? []).map(({ code }) => code)
  }
}

/** What only the webhook tells of a message, and not the API where it is read back. */
const onlyByWebhook = new Set(['Source', 'ChatServiceSid', 'MessagingServiceSid', 'RetryCount'])

/** SIDs by the order in which they come up; no times. */
function nameless(steps: readonly Step[]): string {
  const names = new Map<string, string>()
  const timeless = steps.map(({ enteredAt, leftAt, ...step }) => step)
  const text = JSON.stringify(
    timeless,
    (key, value) => (onlyByWebhook.has(key) ? undefined : value),
    1
  )
  return text
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/"date_(\w+)": \d+/g, '"date_$1": TIME')
    .replace(/\+1777\d{7}/g, 'CUSTOMER')
    .replace(/\b([A-Z]{2})[0-9a-f]{32}\b/g, (found, kind) => {
      const name = names.get(found) ?? `${kind}-${names.size}`
      names.set(found, name)
      return name
    })
}

/** Webhooks of the execution in its Conversation. */
export const webhooksOf = (lab: Lab, sid: string, conversationSid: string) =>
  lab.world
    .conversation(conversationSid)
    .webhooks.filter(({ url }) => url === `${lab.publicUrl}/webhooks/executions/${sid}`)

/** What holds at the end of every story, whatever went wrong in it. */
export async function checkEnd(lab: Lab, sid: string, conversationSid: string): Promise<void> {
  const { messages } = lab.world.conversation(conversationSid)
  const sent = messages.flatMap(({ attributes }) => effectIn(attributes) ?? [])
  deepStrictEqual(sent, [...new Set(sent)], 'P5: no effect was sent twice')
  const steps = await lab.store.executions.fetchSteps(sid)
  const used = steps.flatMap(
    ({ writes }) => JSON.stringify(writes).match(/"MessageSid":"\w+"/g) ?? []
  )
  deepStrictEqual(used, [...new Set(used)], 'P2: no reply was used twice')
  deepStrictEqual(
    steps.map(({ number }) => number),
    steps.map((_, place) => place),
    'P6: steps are in order, and none is missing'
  )
  deepStrictEqual(webhooksOf(lab, sid, conversationSid), [], 'P7: no webhook stays behind')
  deepStrictEqual(lab.closedTooEarly, [], 'P7: webhook first, close second')
}

const retentionMs = 30 * 24 * 60 * 60 * 1000

/** Nothing is due until the execution may be forgotten, and then it is forgotten. */
export async function checkForgotten(lab: Lab, sid: string): Promise<void> {
  const { createdAt } = await lab.find(sid)
  const due = await lab.store.executions.claimDue(createdAt + retentionMs - 1, 10)
  deepStrictEqual(due, [], 'P9: nothing is due but the retention')
  lab.boot()
  lab.clock.pass(createdAt + retentionMs - lab.clock.now())
  await lab.reach('it is forgotten', async () => (await lab.store.executions.fetch(sid)) === null)
  equal((await lab.store.executions.fetchSteps(sid)).length, 0)
}

const effectIn = (attributes: unknown): string | undefined =>
  (attributes as { reprise?: { effect?: string } } | null)?.reprise?.effect
