import { connect } from './api.ts'
import { type Command, text, UsageError, words } from './command.ts'
import { type ExecutionBody, executionOptions, flowSids } from './executions.ts'
import { json, table } from './table.ts'

export const executionsList: Command = {
  usage: 'executions list [--flow FW…] [--status active] [--conversation CH…]',
  about: 'Lists executions, the newest first.',
  options: {
    status: { type: 'string', value: 'STATUS', about: 'Only those that are active, or ended' },
    conversation: { type: 'string', value: 'CH…', about: 'Only those that talk in it' },
    to: { type: 'string', value: 'ADDRESS', about: 'Only those of this contact' },
    limit: { type: 'string', value: 'N', about: 'At most so many; 50' },
    ...executionOptions
  },
  examples: [
    ['reprise executions list --status active', 'What runs'],
    ['reprise executions list --conversation CH…', 'Who talks in a Conversation'],
    ['reprise executions list --to +15550100001 --json', 'For a program']
  ],
  async run(given) {
    words(given)
    const limit = Number(text(given, 'limit') ?? 50)
    if (!Number.isInteger(limit) || limit < 1) throw new UsageError('--limit is a number from 1')
    const query = new URLSearchParams()
    for (const [name, field] of fields) {
      const value = text(given, name)
      if (value !== undefined) query.set(field, value)
    }
    const api = connect(given)
    const found: ExecutionBody[] = []
    for (const flow of await flowSids(api, given))
      found.push(
        ...(await api.list<ExecutionBody>(
          `/v2/Flows/${flow}/Executions?${query}`,
          'executions',
          limit
        ))
      )
    const newest = found
      .sort((a, b) => b.date_created.localeCompare(a.date_created))
      .slice(0, limit)
    console.log(given.options.json ? json(newest) : described(newest))
    return 0
  }
}

const fields = [
  ['status', 'Status'],
  ['conversation', 'ConversationSid'],
  ['to', 'To']
] as const

const described = (executions: readonly ExecutionBody[]): string =>
  table(
    ['EXECUTION', 'STATUS', 'CONTACT', 'FLOW', 'CREATED', 'UPDATED'],
    executions.map(each => [
      each.sid,
      each.status,
      each.contact_channel_address,
      each.flow_sid,
      each.date_created,
      each.date_updated
    ]),
    'There are no such executions'
  )
