import { setTimeout as sleep } from 'node:timers/promises'
import { type Api, apiOptions, connect } from './api.ts'
import { type Command, text, words } from './command.ts'
import { columns, json, table } from './table.ts'

interface ReconciliationBody {
  readonly sid: string
  readonly status: 'running' | 'completed' | 'failed'
  readonly examined: number
  readonly found: Readonly<Record<string, number>>
  readonly done: Readonly<Record<string, number>>
  readonly findings: readonly {
    readonly execution_sid: string
    readonly conversation_sid: string | null
    readonly found: string
    readonly done: string
    readonly reason: string | null
  }[]
  readonly error: string | null
}

export const executionsReconcile: Command = {
  usage: 'executions reconcile [--dry-run] [--all] [--flow FW…] [--execution FN…]',
  about: `Compares executions with what Twilio has, and puts it right: a webhook that is missing is registered again, and
replies that came meanwhile are taken; one that leaked, is there twice or leads to an old PUBLIC_URL is removed or
replaced; a Conversation that its flow wanted closed is closed. Webhooks of others are never touched.
It costs one call of Twilio for each Conversation. Exits 1 where something is not in order in the end.`,
  options: {
    'dry-run': { type: 'boolean', about: 'Only say what would be put right' },
    all: { type: 'boolean', about: 'Ended executions as well' },
    flow: { type: 'string', value: 'FW…', about: "Only this flow's executions" },
    execution: { type: 'string', value: 'FN…', about: 'Only this execution, active or ended' },
    ...apiOptions
  },
  examples: [
    ['reprise executions reconcile --dry-run', 'Is anything missing, or left behind?'],
    ['reprise executions reconcile', 'Put it right, as after another PUBLIC_URL'],
    ['reprise executions reconcile --all --flow FW…', 'One flow, ended executions as well']
  ],
  async run(given) {
    words(given)
    const api = connect(given)
    const begun = await api.call<ReconciliationBody>('POST', '/reconciliations', {
      Scope: given.options.all ? 'all' : 'active',
      DryRun: String(given.options['dry-run'] === true),
      FlowSid: text(given, 'flow'),
      ExecutionSid: text(given, 'execution')
    })
    const over = await untilOver(api, begun, given.options.json !== true)
    console.log(given.options.json ? json(over) : described(over))
    return over.status === 'completed' && unsettled.every(word => !over.done[word]) ? 0 : 1
  }
}

/** What keeps things out of order. */
const unsettled = ['reported', 'skipped', 'failed']

async function untilOver(
  api: Api,
  begun: ReconciliationBody,
  tell: boolean
): Promise<ReconciliationBody> {
  let run = begun
  for (let pauseMs = 100; run.status === 'running'; pauseMs = Math.min(pauseMs * 2, 2000)) {
    await sleep(pauseMs)
    run = await api.call<ReconciliationBody>('GET', `/reconciliations/${run.sid}`)
    if (tell && process.stderr.isTTY) process.stderr.write(`\r${run.examined} looked at`)
  }
  if (tell && process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  return run
}

function described({ status, examined, found, done, findings, error }: ReconciliationBody): string {
  const total = Object.values(found).reduce((sum, count) => sum + count, 0)
  return [
    `${examined} looked at, ${total === 0 ? 'all in order' : `${total} not in order`}`,
    ...(total === 0
      ? []
      : [
          '',
          columns([
            ['found', counts(found)],
            ['done', counts(done)]
          ]),
          '',
          table(
            ['EXECUTION', 'CONVERSATION', 'FOUND', 'DONE', 'REASON'],
            findings.map(each => [
              each.execution_sid,
              each.conversation_sid ?? '-',
              each.found,
              each.done,
              each.reason ?? ''
            ]),
            ''
          ),
          ...(findings.length < total ? [`and ${total - findings.length} more`] : [])
        ]),
    ...(status === 'failed' ? ['', `It broke off: ${error}`] : [])
  ].join('\n')
}

const counts = (words: Readonly<Record<string, number>>): string =>
  Object.entries(words)
    .map(([word, count]) => `${count} ${word}`)
    .join(', ')
