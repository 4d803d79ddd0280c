import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { dictionary } from './dictionary.ts'

// Executions wait for days, and Redis keeps them in memory, so their texts are packed, with a dictionary of what they
// have in common.

/** Packed texts begin with the number of their packing, which no text does; a new dictionary would be a new packing. */
const packing = 2
const standard = Buffer.from(dictionary)
/** Texts are short: a higher level takes a third more time for a tenth less, and results fit one small buffer. */
const options = { dictionary: standard, level: 3, chunkSize: 4096 }

export const pack = (text: string): Buffer =>
  Buffer.concat([Buffer.of(packing), deflateRawSync(text, options)])

export const isPacked = ([first]: Buffer): boolean => first === packing

export function unpack(bytes: Buffer): string {
  if (!isPacked(bytes)) throw new Error('A newer version of the service has packed this')
  return inflateRawSync(bytes.subarray(1), { dictionary: standard }).toString()
}
