import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

export interface FlowFile {
  readonly path: string
  readonly name: string
  /** The SID in the file's name, or one that follows from the name. */
  readonly flowSid: string
  readonly text: string
}

const sidIn = /FW[0-9a-fA-F]{32}/

/** The flow definitions of a folder, by name. A file called `….FW0123….json` is the flow of that SID. */
export async function readFlowFiles(folder: string): Promise<FlowFile[]> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.json')).sort()
  return Promise.all(files.map(file => readFlowFile(join(folder, file))))
}

export async function readFlowFile(path: string): Promise<FlowFile> {
  const file = basename(path)
  const name = file
    .replace(/\.json$/, '')
    .replace(sidIn, '')
    .replace(/[.-]+$/, '')
  const flowSid = sidIn.exec(file)?.[0] ?? `FW${createHash('md5').update(name).digest('hex')}`
  return { path, name: name || flowSid, flowSid, text: await readFile(path, 'utf8') }
}
