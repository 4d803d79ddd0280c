import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { Dispatcher } from 'undici'

/** An answer whose body cannot be used; the message says why. */
export class BodyRefused extends Error {
  override readonly name = 'BodyRefused'
}

/** The body as text, of `maxBytes` at most, however small it was made for its way. */
export async function readBody(
  { body, headers }: Dispatcher.ResponseData,
  maxBytes: number
): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > maxBytes) throw tooLarge(maxBytes)
    chunks.push(chunk)
  }
  const encoding = String(headers['content-encoding'] ?? '')
  // Takes a byte order mark away, too: no JSON begins with one.
  return new TextDecoder().decode(await decoded(Buffer.concat(chunks), encoding, maxBytes))
}

const decoders = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress)
}

/** Nobody asked for a compressed answer, but some servers give no other. */
async function decoded(bytes: Buffer, encoding: string, maxBytes: number): Promise<Buffer> {
  const name = encoding.trim().toLowerCase()
  if (name === '' || name === 'identity' || bytes.length === 0) return bytes
  if (!Object.hasOwn(decoders, name)) throw new BodyRefused(`its encoding ${name} is not known`)
  try {
    const decoder = decoders[name as keyof typeof decoders]
    return await decoder(bytes, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(maxBytes)
    throw new BodyRefused(`the answer is not the ${name} that it says it is`)
  }
}

const tooLarge = (maxBytes: number) =>
  new BodyRefused(`the answer is larger than ${maxBytes} bytes (setting HTTP_MAX_BYTES)`)
