// The latest rounds as they were, each made durable by one small write: LMDB takes several times as long for that.
// Two files take turns, each written from its beginning, as a file that does not grow is cheaper to flush.
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  write
} from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'

export interface Journal {
  /** Grows by one with each turn. */
  readonly generation: number
  /** Bytes that this generation has. */
  readonly size: number
  /**
   * Resolves when the round, which has room for a header, is on the disk; one at a time. Where that fails, the
   * next one takes its place.
   */
  append(round: Buffer): Promise<void>
  /** Begins the next generation, in place of the one before this one. */
  turn(): void
  close(): void
  /** Where all of it is in LMDB. */
  remove(): void
}

/** A generation and its rounds, in their order. */
export interface Told {
  readonly generation: number
  readonly rounds: readonly Buffer[]
}

const linux = process.platform === 'linux'
const flags = constants.O_RDWR | constants.O_CREAT | (linux ? constants.O_DSYNC : 0)
const pathsIn = (dir: string) => ['journal-0', 'journal-1'].map(name => join(dir, name))

const writeBytes = promisify(write)
const flush = promisify(fdatasync)

export function openJournal(dir: string, first: number): Journal {
  const files = pathsIn(dir).map(path => openSync(path, flags, 0o600))
  flushFolder(dir)
  let generation = first
  let size = 0
  const fileNow = () => files[generation % files.length] ?? 0
  const close = () => {
    for (const file of files) closeSync(file)
  }

  return {
    get generation() {
      return generation
    },
    get size() {
      return size
    },
    async append(round) {
      writeHeader(round, generation)
      try {
        const { bytesWritten } = await writeBytes(fileNow(), round, 0, round.length, size)
        if (bytesWritten < round.length) throw new Error('no space left')
        if (!linux) await flush(fileNow())
      } catch (error) {
        // It may be there all the same, and must not be read where the next one goes into the other file.
        ftruncateSync(fileNow(), size)
        throw error
      }
      size += round.length
    },
    turn() {
      generation += 1
      size = 0
    },
    close,
    remove() {
      close()
      forgetJournal(dir)
    }
  }
}

export function forgetJournal(dir: string): void {
  for (const path of pathsIn(dir)) rmSync(path, { force: true })
}

/** Otherwise a crash of the machine may lose the names of the files. */
function flushFolder(dir: string): void {
  const folder = openSync(dir, constants.O_RDONLY)
  fsyncSync(folder)
  closeSync(folder)
}

/** The generation, the length of what follows, and its checksum. */
export const headerSize = 12

function writeHeader(round: Buffer, generation: number): void {
  const body = round.subarray(headerSize)
  round.writeUInt32LE(generation, 0)
  round.writeUInt32LE(body.length, 4)
  round.writeUInt32LE(crc32(body, generation), 8)
}

/** What there is, older generations first. */
export const readJournal = (dir: string): Told[] =>
  pathsIn(dir)
    .filter(path => existsSync(path))
    .map(path => readFileSync(path))
    .flatMap(bytes => readFile(bytes) ?? [])
    .sort((a, b) => a.generation - b.generation)

/** Up to what a crash left half-written, or what is left of an earlier generation. */
function readFile(bytes: Buffer): Told | null {
  if (bytes.length < headerSize) return null
  const generation = bytes.readUInt32LE(0)
  const rounds: Buffer[] = []
  for (let at = 0; at + headerSize <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 4)
    const body = bytes.subarray(at + headerSize, at + headerSize + length)
    const isWhole = body.length === length && crc32(body, generation) === bytes.readUInt32LE(at + 8)
    if (bytes.readUInt32LE(at) !== generation || !isWhole) break
    rounds.push(body)
    at += headerSize + length
  }
  return { generation, rounds }
}
