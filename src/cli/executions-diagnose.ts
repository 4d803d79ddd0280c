import { connect } from './api.ts'
import { type Command, words } from './command.ts'
import { executionOptions, findExecution, pathOf } from './executions.ts'
import { columns, json, table } from './table.ts'

interface DiagnosisBody {
  readonly execution_sid: string
  readonly status: string
  readonly doing: string
  readonly waiting_since: string | null
  readonly waiting_until: string | null
  readonly question_index: number | null
  readonly conversation_sid: string | null
  readonly end_reason: string | null
  readonly teardown: {
    readonly tasks: readonly { readonly type: string; readonly conversation_sid: string }[]
    readonly attempts: number
    readonly next_attempt: string
    readonly last_error: string | null
  } | null
  readonly problems: readonly {
    readonly code: number | null
    readonly message: string
    readonly date: string
    readonly widget: string | null
  }[]
}

export const executionsDiagnose: Command = {
  usage: 'executions diagnose FN…',
  about:
    'Says why an execution stands where it does: what it waits for, what went wrong, what is left to undo.\nWhether Twilio has its webhook is what reprise executions reconcile --execution FN… --dry-run says.',
  options: executionOptions,
  examples: [['reprise executions diagnose FN…', 'Why does it not move?']],
  async run(given) {
    const [sid = ''] = words(given, 'FN…')
    const api = connect(given)
    const execution = await findExecution(api, given, sid)
    const diagnosis = await api.call<DiagnosisBody>('GET', `${pathOf(execution)}/Diagnosis`)
    console.log(given.options.json ? json(diagnosis) : described(diagnosis))
    return 0
  }
}

function described(diagnosis: DiagnosisBody): string {
  const { teardown, problems } = diagnosis
  const facts: [string, string | number | null][] = [
    ['execution', diagnosis.execution_sid],
    [
      'status',
      diagnosis.end_reason ? `${diagnosis.status} (${diagnosis.end_reason})` : diagnosis.status
    ],
    ['conversation', diagnosis.conversation_sid],
    ['waiting since', diagnosis.waiting_since],
    ['waiting until', diagnosis.waiting_until],
    ['question', diagnosis.question_index === null ? null : `message ${diagnosis.question_index}`],
    ...(teardown?.tasks ?? []).map((task): [string, string] => [
      'to undo',
      `${task.type} ${task.conversation_sid}`
    ]),
    ['tried', teardown && `${teardown.attempts} times, again at ${teardown.next_attempt}`],
    ['last error', teardown?.last_error ?? null]
  ]
  return [
    `${diagnosis.doing}.`,
    '',
    columns(facts.flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]))),
    '',
    table(
      ['DATE', 'CODE', 'WIDGET', 'PROBLEM'],
      problems.map(({ date, code, widget, message }) => [
        date,
        String(code ?? '-'),
        widget ?? '-',
        message
      ]),
      'Nothing went wrong'
    )
  ].join('\n')
}
