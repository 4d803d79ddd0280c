import { connect } from './api.ts'
import { type Command, someWords } from './command.ts'
import { type ExecutionBody, executionOptions, findExecution, pathOf } from './executions.ts'
import { json } from './table.ts'

export const executionsEnd: Command = {
  usage: 'executions end FN…',
  about:
    'Ends executions. Their webhooks are removed, and their Conversations closed where their flows say so; that may\ntake a moment longer.',
  options: executionOptions,
  examples: [['reprise executions end FN… FN…', 'Enough of these two']],
  async run(given) {
    const sids = someWords(given, 'FN…')
    const api = connect(given)
    const ended: ExecutionBody[] = []
    for (const sid of sids) {
      const execution = await findExecution(api, given, sid)
      ended.push(await api.call<ExecutionBody>('POST', pathOf(execution), { Status: 'ended' }))
      if (!given.options.json) console.log(`${sid} has ended`)
    }
    if (given.options.json) console.log(json(ended))
    return 0
  }
}
