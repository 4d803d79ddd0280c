// Kills processes, and Redis, again and again, and starts them anew.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Arena } from './arena.ts'
import type { Measures } from './measures.ts'
import type { Random } from './random.ts'
import type { Talk } from './talk.ts'

export interface Killer {
  /** Kills nothing more; resolves when everything is up again. */
  stop(): Promise<void>
}

interface Options {
  readonly arena: Arena
  readonly talks: ReadonlyMap<string, Talk>
  readonly measures: Measures
  readonly random: Random
  readonly killEvery: number
  readonly restartRedisEvery: number
}

/** A supervisor notices within this time. */
const downMs = 1000

export function startKiller(options: Options): Killer {
  const { arena, talks, measures, random, killEvery, restartRedisEvery } = options
  const stopped = new AbortController()
  const starting = new Set<Promise<void>>()
  const moving = function* (held: (talk: Talk) => boolean) {
    for (const talk of talks.values()) if (talk.movingSince !== null && held(talk)) yield talk
  }
  const loops = [
    again(killEvery, killOne),
    again(restartRedisEvery, async () => {
      measures.killed(
        'redis',
        moving(() => true)
      )
      await arena.redis.kill()
      await sleep(random.between(0, downMs))
      await arena.redis.start()
    })
  ]
  return {
    async stop() {
      stopped.abort()
      await Promise.all(loops)
      await Promise.all(starting)
    }
  }

  /** Does it every so many seconds, give or take a half. */
  async function again(seconds: number, kill: () => Promise<void>): Promise<void> {
    if (seconds === 0) return
    for (;;) {
      const pause = sleep(random.between(500, 1500) * seconds, undefined, {
        signal: stopped.signal
      })
      await pause.catch(() => {})
      if (stopped.signal.aborted) return
      await kill()
    }
  }

  /** One that does something: on a slow machine, killing those that start would leave nobody. */
  async function killOne(): Promise<void> {
    const victim = random.pick(arena.processes.filter(each => each.isUp()))
    if (!victim) return
    measures.killed(
      'process',
      moving(({ handedTo }) => handedTo === victim.name)
    )
    await victim.kill()
    const back = sleep(random.between(0, downMs))
      .then(() => victim.start())
      .finally(() => starting.delete(back))
    starting.add(back)
  }
}
