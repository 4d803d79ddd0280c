import { type Body, connect } from './api.ts'
import { type Command, words } from './command.ts'
import { type ExecutionBody, executionOptions, findExecution, pathOf } from './executions.ts'
import { columns, json, table } from './table.ts'

interface StepBody {
  readonly name: string
  readonly transitioned_from: string
  readonly transitioned_to: string | null
  readonly date_created: string
}

export const executionsShow: Command = {
  usage: 'executions show FN…',
  about: 'Shows an execution and the steps it took, the first one first.',
  options: {
    context: {
      type: 'boolean',
      about: 'And what its templates find: flow, trigger, widgets, contact'
    },
    ...executionOptions
  },
  examples: [
    ['reprise executions show FN…', 'How far it is'],
    ['reprise executions show FN… --context', 'And what it knows']
  ],
  async run(given) {
    const [sid = ''] = words(given, 'FN…')
    const api = connect(given)
    const execution = await findExecution(api, given, sid)
    const path = pathOf(execution)
    const steps = (await api.list<StepBody>(`${path}/Steps`, 'steps', 100_000)).toReversed()
    const context = given.options.context
      ? (await api.call('GET', `${path}/Context`)).context
      : undefined
    console.log(
      given.options.json
        ? json({ ...execution, steps, ...(context !== undefined && { context }) })
        : described(execution, steps, context)
    )
    return 0
  }
}

const described = (
  execution: ExecutionBody,
  steps: readonly StepBody[],
  context: Body | unknown
): string =>
  [
    columns([
      ['execution', execution.sid],
      ['flow', `${execution.flow_sid}, revision ${execution.flow_version}`],
      ['status', execution.status],
      ['contact', execution.contact_channel_address],
      ['created', execution.date_created],
      ['updated', execution.date_updated],
      ['by', execution.initiated_by]
    ]),
    '',
    table(
      ['WIDGET', 'LEFT BY', 'TO', 'ENTERED'],
      steps.map(step => [
        step.transitioned_from,
        step.name,
        step.transitioned_to ?? '-',
        step.date_created
      ]),
      'It has taken no step yet'
    ),
    ...(context === undefined ? [] : ['', json(context)])
  ].join('\n')
