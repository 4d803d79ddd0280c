import { apiOptions, type Body, connect } from './api.ts'
import { type Command, text, UsageError, words } from './command.ts'
import { json } from './table.ts'
import { readable } from './validate.ts'

export const publish: Command = {
  usage: 'publish FILE --sid FW…',
  about:
    'Publishes a flow definition under its SID, as a new revision; a flow that is not there yet is created.\nExecutions that run stay on the revision with which they began.',
  options: {
    sid: { type: 'string', value: 'FW…', about: 'SID of the flow, as in Studio' },
    name: {
      type: 'string',
      value: 'NAME',
      about: "Its name; the one it has, or the file's, if not given"
    },
    message: { type: 'string', value: 'TEXT', about: 'What this revision changes' },
    draft: { type: 'boolean', about: 'Save it as a draft, which only test users get' },
    ...apiOptions
  },
  examples: [
    [
      'reprise publish reminder.json --sid FW0123456789abcdef0123456789abcdef',
      'Make it what new executions run'
    ],
    [
      "reprise publish reminder.json --sid FW… --draft --message 'Shorter question'",
      'Try it with test users first'
    ]
  ],
  async run(given) {
    const [path = ''] = words(given, 'FILE')
    const sid = text(given, 'sid')
    if (sid === undefined) throw new UsageError('--sid is missing: the SID of the flow')
    if (!/^FW[0-9a-fA-F]{32}$/.test(sid))
      throw new UsageError(`--sid is FW and 32 hex digits, not ${sid}`)
    const file = await readable(path)
    const api = connect(given)
    const before = await api.find<{ friendly_name: string }>(`/v2/Flows/${sid}`)
    const flow = await api.call('PUT', `/v2/Flows/${sid}`, {
      FriendlyName: text(given, 'name') ?? before?.friendly_name ?? file.name,
      Status: given.options.draft ? 'draft' : 'published',
      Definition: file.text,
      CommitMessage: text(given, 'message')
    })
    console.log(given.options.json ? json(flow) : described(flow))
    return 0
  }
}

interface Fault {
  readonly property_path: string
  readonly message: string
}

const described = (flow: Body): string =>
  [
    `${flow.friendly_name} (${flow.sid}): revision ${flow.revision} is ${flow.status === 'draft' ? 'saved as a draft' : 'published'}`,
    ...faultLines('fault', flow.errors),
    ...faultLines('warning', flow.warnings)
  ].join('\n')

const faultLines = (word: string, faults: unknown): string[] =>
  (Array.isArray(faults) ? (faults as Fault[]) : []).map(
    ({ property_path, message }) => `  ${word}: ${property_path} ${message}`
  )
