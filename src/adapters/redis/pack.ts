import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { dictionary } from './dictionary.ts'

/** Packed texts begin with the number of their dictionary, and of the references that go with it. */
const current = 1
const headSize = 2

/**
 * A text at a fraction of its size: executions wait for days, and Redis keeps them in memory. `references`
 * are texts like it; the first ones among those that are there when it is unpacked must be the same.
 */
export function pack(text: string, references: readonly string[] = []): Buffer {
  const deflated = deflateRawSync(text, { level: 3, dictionary: dictionaryWith(references) })
  return Buffer.concat([Buffer.of(current, references.length), deflated])
}

export function unpack(bytes: Buffer, references: readonly string[] = []): string {
  const [number, count] = bytes
  if (number !== current) throw new Error('A newer version of the service has packed this')
  const dictionary = dictionaryWith(references.slice(0, count))
  return inflateRawSync(bytes.subarray(headSize), { dictionary }).toString()
}

const standard = Buffer.from(dictionary)

/** What comes last is the cheapest to refer to. */
const dictionaryWith = (references: readonly string[]): Buffer =>
  references.length === 0
    ? standard
    : Buffer.concat([standard, ...references.map(text => Buffer.from(text))])
