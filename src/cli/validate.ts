import { type FlowFile, readFlowFile } from '../adapters/system/flow-files.ts'
import type { FlowFault } from '../flow/flow.ts'
import { parseFlow } from '../flow/parse.ts'
import { warningsOf } from '../runtime/flow-warnings.ts'
import type { FlowRevision } from '../runtime/ports.ts'
import { widgets } from '../widgets/index.ts'
import { unsupportedWidgets } from '../widgets/unsupported.ts'
import { type Command, CommandFailed, someWords } from './command.ts'
import { json } from './table.ts'

interface Verdict {
  readonly file: string
  readonly valid: boolean
  readonly errors: readonly FlowFault[]
  readonly warnings: readonly FlowFault[]
}

export const validate: Command = {
  usage: 'validate FILE…',
  about:
    'Checks flow definitions and says every fault, without a service. Warnings are what Reprise does otherwise than\nStudio, or not at all; they do not fail. Subflows are followed among the files that are given, by the SID in their\nnames, as in hunt.FW0123….json.',
  options: { json: { type: 'boolean', about: 'JSON for programs instead of text for people' } },
  examples: [
    ['reprise validate flows/*.json', 'All flows of a folder; exits 1 if one has a fault'],
    ['reprise validate --json flow.json', 'For a program']
  ],
  async run(given) {
    const files = await Promise.all(someWords(given, 'FILE').map(readable))
    const verdicts: Verdict[] = []
    for (const file of files) verdicts.push(await verdictOn(file, files))
    console.log(given.options.json ? json(verdicts) : verdicts.map(described).join('\n'))
    return verdicts.every(({ valid }) => valid) ? 0 : 1
  }
}

export const readable = (path: string): Promise<FlowFile> =>
  readFlowFile(path).catch(error => {
    throw new CommandFailed(`${path} cannot be read: ${error.message}`)
  })

async function verdictOn(file: FlowFile, all: readonly FlowFile[]): Promise<Verdict> {
  const parsed = parseFlow(file.text, widgets)
  if (!parsed.ok) return { file: file.path, valid: false, errors: parsed.faults, warnings: [] }
  const { definition } = parsed.flow
  const foreign = definition.states.flatMap(({ name, type }, at) =>
    Object.hasOwn(unsupportedWidgets, type)
      ? [
          {
            propertyPath: `#/states/${at}/type`,
            message: `${name} is a ${type} widget, which Reprise does not run: it fails its step`
          }
        ]
      : []
  )
  const nested = await warningsOf({ flows: { store: storeOf(all) } }, { definition })
  return { file: file.path, valid: true, errors: [], warnings: [...foreign, ...nested] }
}

/** The files, as a store of flows that shows definitions. */
const storeOf = (files: readonly FlowFile[]) => ({
  async fetchRevision(flowSid: string): Promise<FlowRevision | null> {
    const file = files.find(each => each.flowSid === flowSid)
    const parsed = file && parseFlow(file.text, widgets)
    if (!file || !parsed?.ok) return null
    return {
      flowSid,
      revision: 1,
      friendlyName: file.name,
      status: 'published',
      definition: parsed.flow.definition,
      faults: [],
      commitMessage: null,
      authorSid: null,
      flowCreatedAt: 0,
      createdAt: 0
    }
  }
})

const described = ({ file, valid, errors, warnings }: Verdict): string =>
  [
    `${file}: ${valid ? 'valid' : counted(errors.length, 'fault')}${warnings.length > 0 ? `, ${counted(warnings.length, 'warning')}` : ''}`,
    ...errors.map(({ propertyPath, message }) => `  ${propertyPath} ${message}`),
    ...warnings.map(({ propertyPath, message }) => `  warning: ${propertyPath} ${message}`)
  ].join('\n')

const counted = (count: number, word: string): string =>
  `${count} ${count === 1 ? word : `${word}s`}`
