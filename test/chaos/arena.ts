// Everything that takes part: a Twilio and a load balancer in this process; a Redis and the service in others.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSimulator, type Simulator } from '../../src/simulator/app.ts'
import { accountSid, authToken } from '../support/build-service.ts'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type Api, makeApi } from './api.ts'
import { type Balancer, type Passing, startBalancer } from './balancer.ts'
import type { Scope } from './scope.ts'
import { makeProcess, type ServiceProcess } from './service-process.ts'

export interface Arena {
  readonly redis: RedisServer
  readonly balancer: Balancer
  readonly processes: readonly ServiceProcess[]
  readonly api: Api
  /** What the processes print. */
  readonly folder: string
  /** Keeps that when all is over. */
  keepFolder(): void
}

export interface ArenaOptions {
  readonly processes: number
  readonly fsync: string
  readonly leaseSeconds: number
  readonly maxTurns: number
  readonly simulator: Simulator
  readonly passing: Passing
  /** For processes that can be asked how much they hold. */
  readonly reporting?: {
    readonly words: readonly string[]
    readonly settings: (folder: string, name: string) => Readonly<Record<string, string>>
  }
}

/** Webhook calls are signed with the address of the balancer, which is the service's PUBLIC_URL. */
export async function openArena(scope: Scope, options: ArenaOptions): Promise<Arena> {
  const { processes: count, fsync, leaseSeconds, maxTurns, simulator, passing, reporting } = options
  const folder = mkdtempSync(join(tmpdir(), 'reprise-chaos-'))
  let keep = false
  scope.teardown(() => keep || rmSync(folder, { recursive: true, force: true }))
  const redis = await startRedis(scope, { appendonly: 'yes', appendfsync: fsync })
  const origin = await simulator.app.listen({ host: '127.0.0.1', port: 0 })
  scope.teardown(() => simulator.app.close())
  const balancer = await startBalancer(scope, passing)
  const settings = {
    HOST: '127.0.0.1',
    PUBLIC_URL: balancer.url,
    TWILIO_ACCOUNT_SID: accountSid,
    TWILIO_AUTH_TOKEN: authToken,
    TWILIO_API_BASE_URL: origin,
    REDIS_URL: redis.url,
    LEASE_SECONDS: String(leaseSeconds),
    MAX_TURNS: String(maxTurns),
    LOG_LEVEL: 'warn'
  }
  const processes: ServiceProcess[] = []
  for (let at = 1; at <= count; at += 1) {
    const name = `process-${at}`
    const own = { ...settings, ...reporting?.settings(folder, name) }
    const words = reporting?.words ?? []
    processes.push(await makeProcess(scope, { name, settings: own, folder, words }))
  }
  balancer.serve(processes)
  await Promise.all(processes.map(each => each.start()))
  return {
    redis,
    balancer,
    processes,
    api: makeApi(balancer.url),
    folder,
    keepFolder() {
      keep = true
    }
  }
}

export const makeTwilio = (): Simulator => buildSimulator({ accountSid, authToken })
