// What must be true of a conversation when it is over, seen from outside.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConversationView } from '../../src/simulator/world.schema.ts'
import type { Api } from './api.ts'
import { pathOf, scriptOf, type Talk } from './talk.ts'

export const kinds = [
  'lost',
  'doubled',
  'out of order',
  'acknowledged, then ignored',
  'left webhook',
  'not closed',
  'unfinished',
  'misdeed',
  'execution not as expected'
] as const
type Kind = (typeof kinds)[number]

export interface Violation {
  readonly kind: Kind
  readonly detail: string
}

/** What the Conversation itself shows. */
export function judge(
  talk: Talk,
  { messages, webhooks, state }: ConversationView,
  acknowledged: ReadonlySet<string>
): Violation[] {
  const found: Violation[] = talk.misdeeds.map(detail => ({ kind: 'misdeed', detail }))
  const add = (kind: Kind, detail: string) => found.push({ kind, detail })
  const fromService = messages.filter(({ author }) => author !== talk.customer)

  for (const [text, count] of countsOf(fromService.map(({ body }) => body ?? '')))
    if (count > 1) add('doubled', `said ${count} times: ${text}`)
  for (const [effect, count] of countsOf(fromService.map(({ attributes }) => effectIn(attributes))))
    if (count > 1) add('doubled', `${count} messages of effect ${effect}`)
  for (const reply of talk.replies.slice(0, talk.said)) {
    const echoes = fromService.filter(({ body }) => body?.includes(`"${reply}"`)).length
    if (echoes > 1) add('doubled', `used ${echoes} times: ${reply}`)
    if (echoes > 0) continue
    add('lost', `never used: ${reply}`)
    const sid = messages.find(({ body }) => body === reply)?.sid ?? ''
    if (acknowledged.has(sid)) add('acknowledged, then ignored', reply)
  }
  const seen = messages.map(({ body }) => body).join('\n')
  if (talk.over && found.length === 0 && seen !== scriptOf(talk).join('\n'))
    add('out of order', 'not what was to be said, in that order')
  if (!talk.over) add('unfinished', `${talk.said} of ${talk.replies.length} answers were given`)
  if (webhooks.length > 0) add('left webhook', webhooks.map(({ url }) => url).join(' '))
  if (state !== 'closed') add('not closed', `it is ${state}`)
  return found
}

/** What the service says of the execution; asked again while it may still be saving that. */
export async function judgeExecution(
  api: Api,
  flowSid: string,
  { executionSid, replies }: Talk,
  patientUntil: number
): Promise<Violation[]> {
  if (executionSid === null) return []
  const path = `/v2/Flows/${flowSid}/Executions/${executionSid}`
  const expected = `ended completed, nothing to undo: ${pathOf(replies.length)}`
  for (;;) {
    const { status, end_reason, teardown } = await api.fetch<Diagnosis>(`${path}/Diagnosis`)
    const { steps } = await api.fetch<{ steps: { name: string }[] }>(`${path}/Steps?PageSize=1000`)
    const taken = steps.map(({ name }) => name).reverse()
    const rest = teardown ? JSON.stringify(teardown) : 'nothing'
    const seen = `${status} ${end_reason}, ${rest} to undo: ${taken}`
    if (seen === expected) return []
    if (Date.now() > patientUntil) return [{ kind: 'execution not as expected', detail: seen }]
    await sleep(500)
  }
}

interface Diagnosis {
  readonly status: string
  readonly end_reason: string | null
  readonly teardown: object | null
}

const effectIn = (attributes: unknown): string =>
  (attributes as { reprise?: { effect?: string } } | null)?.reprise?.effect ?? 'none'

function countsOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}
