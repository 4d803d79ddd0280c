// How much each process of the service, and Redis, hold.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ask, type RedisServer, until } from '../support/redis-server.ts'
import type { Arena } from './arena.ts'
import type { ServiceProcess } from './service-process.ts'

/** In megabytes, except for the number of keys. */
export type Sample = ReadonlyMap<string, number>

const preload = join(import.meta.dirname, 'report-memory.mjs')

/** What a process of the service needs so that it can be asked. */
export const reporting = {
  words: ['--expose-gc', '--import', preload],
  settings: (folder: string, name: string) => ({ MEMORY_FILE: fileOf(folder, name) })
}

const fileOf = (folder: string, name: string): string => join(folder, `${name}.memory.json`)
const megabytes = (bytes: number): number => bytes / 1024 / 1024

export async function takeSample({ processes, redis, folder }: Arena): Promise<Sample> {
  const sample = new Map<string, number>()
  for (const process of processes) {
    const { rss, heapUsed } = await memoryOf(process, folder)
    sample.set(`${process.name} heap`, megabytes(heapUsed))
    sample.set(`${process.name} rss`, megabytes(rss))
  }
  const { keys, bytes } = await redisMemory(redis)
  sample.set('redis memory', megabytes(bytes))
  sample.set('redis keys', keys)
  return sample
}

async function memoryOf({ pid, name }: ServiceProcess, folder: string) {
  const file = fileOf(folder, name)
  const id = pid()
  if (id === null) throw new Error(`${name} has exited; what it printed is in ${folder}`)
  rmSync(file, { force: true })
  process.kill(id, 'SIGWINCH')
  const read = async () => JSON.parse(readFileSync(file, 'utf8'))
  return (await until(read, `the memory of ${name}`)) as { rss: number; heapUsed: number }
}

const redisMemory = ({ port }: RedisServer) =>
  ask(port, async client => {
    const info = await client.info('memory')
    const [, bytes = '0'] = /^used_memory:(\d+)/m.exec(info) ?? []
    return { keys: await client.dbsize(), bytes: Number(bytes) }
  })

/** The names of all keys, but for notes, which are few and stay. */
export const keysIn = ({ port }: RedisServer): Promise<string[]> =>
  ask(port, async client => (await client.keys('*')).filter(key => !key.includes(':note:')))
