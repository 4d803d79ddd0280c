import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { dictionary } from './dictionary.ts'

/** Packed texts begin with the number of their dictionary. */
const current = 1
const standard = Buffer.from(dictionary)

/**
 * A text at a fraction of its size: executions wait for days, and Redis keeps them in memory. The window is
 * wide enough for most of them; the standard one would take 256 KB each time, and the collector's time with it.
 */
export function pack(text: string): Buffer {
  const options = { level: 3, windowBits: 14, memLevel: 5, chunkSize: 4096, dictionary: standard }
  return Buffer.concat([Buffer.of(current), deflateRawSync(text, options)])
}

export function unpack(bytes: Buffer): string {
  if (bytes[0] !== current) throw new Error('A newer version of the service has packed this')
  return inflateRawSync(bytes.subarray(1), { dictionary: standard }).toString()
}
