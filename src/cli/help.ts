import type { Command } from './command.ts'
import type { Entry } from './entries.ts'
import { columns } from './table.ts'

export const listHelp = (entries: readonly Entry[]): string =>
  [
    'Usage: reprise COMMAND',
    '',
    columns(entries.map(({ name, summary }) => [`  ${name}`, summary])),
    '',
    'reprise COMMAND --help says more about one of them.'
  ].join('\n')

export function commandHelp({ usage, about, options, examples }: Command): string {
  const rows = Object.entries(options).map(([name, { value, about: what }]) => [
    `  --${name}${value === undefined ? '' : ` ${value}`}`,
    what
  ])
  return [
    `Usage: reprise ${usage}`,
    '',
    about,
    '',
    'Options:',
    columns([...rows, ['  --help', 'This text']]),
    '',
    'Examples:',
    ...examples.flatMap(([line, purpose]) => [`  # ${purpose}`, `  ${line}`])
  ].join('\n')
}
