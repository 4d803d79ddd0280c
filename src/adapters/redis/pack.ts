import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { compressSync, uncompressSync } from 'lz4-napi'
import { dictionary } from './dictionary.ts'

// Executions wait for days, and Redis keeps them in memory, so texts are packed with a dictionary of what they
// have in common. What is written at each turn is packed by LZ4, which takes a third of the time of zlib.

/** Packed texts begin with the number of their packing; a new dictionary would be a packing of its own. */
const fast = 1
const small = 2
const standard = Buffer.from(dictionary)

export const packFast = (text: string): Buffer =>
  Buffer.concat([Buffer.of(fast), compressSync(Buffer.from(text), standard)])

/** Half the size, for what is written once and seldom read. */
export const packSmall = (text: string): Buffer =>
  Buffer.concat([Buffer.of(small), deflateRawSync(text, { dictionary: standard })])

export function unpack(bytes: Buffer): string {
  const [packing] = bytes
  const packed = bytes.subarray(1)
  if (packing === fast) return uncompressSync(packed, standard).toString()
  if (packing === small) return inflateRawSync(packed, { dictionary: standard }).toString()
  throw new Error('A newer version of the service has packed this')
}
