import type { ParseArgsConfig } from 'node:util'

/** One command: what it is told, what its `--help` says, and what it does. */
export interface Command {
  /** After `reprise`, as in `publish FILE --sid FW…`. */
  readonly usage: string
  /** What it does and, under it, what is worth knowing. */
  readonly about: string
  readonly options: Readonly<Record<string, Option>>
  /** Whole command lines, each with what it is for. */
  readonly examples: readonly (readonly [line: string, purpose: string])[]
  /** Answers the exit code. */
  run(given: Given): Promise<number>
}

export interface Option {
  readonly type: 'string' | 'boolean'
  /** What stands for its value, as in `FW…`. */
  readonly value?: string
  readonly about: string
}

export interface Given {
  readonly words: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
}

/** The command line cannot be understood: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** It was understood, and did not succeed: exit code 1. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

export const asConfig = ({ options }: Command): NonNullable<ParseArgsConfig['options']> =>
  Object.fromEntries([
    ...Object.entries(options).map(([name, { type }]) => [name, { type }]),
    ['help', { type: 'boolean', short: 'h' }]
  ])

export function text({ options }: Given, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** Exactly these words, each named for the message. */
export function words(given: Given, ...names: string[]): string[] {
  const missing = names[given.words.length]
  if (missing !== undefined) throw new UsageError(`${missing} is missing`)
  const extra = given.words[names.length]
  if (extra !== undefined) throw new UsageError(`What is ${extra}?`)
  return [...given.words]
}

/** At least one of them. */
export function someWords({ words: all }: Given, name: string): readonly string[] {
  if (all.length === 0) throw new UsageError(`${name} is missing`)
  return all
}
