import { parseArgs } from 'node:util'
import { asConfig, type Command, CommandFailed, type Given, UsageError } from './command.ts'
import { type Entry, entries } from './entries.ts'
import { commandHelp, listHelp } from './help.ts'

/** Runs one command line and answers its exit code: 0 done, 1 failed, 2 not understood. */
export async function run(args: readonly string[]): Promise<number> {
  const asked = args[0] === 'help' ? [...args.slice(1), '--help'] : args
  const entry = entryOf(asked)
  if (!entry) return withoutCommand(asked)
  const command = await entry.load()
  try {
    const given = parse(command, asked.slice(entry.name.split(' ').length))
    if (given.options.help === true) {
      console.log(commandHelp(command))
      return 0
    }
    return await command.run(given)
  } catch (error) {
    return complain(error, entry)
  }
}

/** The entry whose name is the first words, with no option in between. */
const entryOf = (args: readonly string[]): Entry | undefined =>
  entries.find(({ name }) => name.split(' ').every((word, at) => args[at] === word))

/** `reprise`, `reprise executions`, or something that is no command. */
function withoutCommand(args: readonly string[]): number {
  const names = args.filter(word => !word.startsWith('-'))
  const group = entries.filter(({ name }) => name.startsWith(`${names[0]} `))
  const isHelp = args.some(word => word === '--help' || word === '-h') || args.length === 0
  if (isHelp && (names.length === 0 || group.length > 0)) {
    console.log(listHelp(group.length > 0 ? group : entries))
    return 0
  }
  const unknown = names.slice(0, 2).join(' ') || args[0]
  const complaint =
    group.length > 0 && names.length === 1
      ? `reprise ${names[0]} needs another word`
      : `There is no command ${unknown}`
  console.error(`${complaint}\n\n${listHelp(group.length > 0 ? group : entries)}`)
  return 2
}

function parse(command: Command, args: readonly string[]): Given {
  try {
    const options = asConfig(command)
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    return { words: parsed.positionals, options: parsed.values as Given['options'] }
  } catch (error) {
    const [message = ''] = (error as Error).message.split(/\. (?=To )/)
    const known = Object.keys(command.options).map(name => `--${name}`)
    throw new UsageError(`${message}. There is ${[...known, '--help'].join(', ')}`)
  }
}

function complain(error: unknown, { name }: Entry): number {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nreprise ${name} --help says more`)
    return 2
  }
  if (!(error instanceof CommandFailed)) throw error
  console.error(error.message)
  return 1
}
