// A small `npm run chaos`: processes that are killed, a Redis that is restarted, webhooks that get lost.
import t from 'tap'
import { storyOf } from '../chaos/report.ts'
import { runChaos } from '../chaos/run.ts'
import { buildOnce } from './process.ts'

t.setTimeout(240_000)
buildOnce()

t.test(
  'conversations go on under kill -9 of processes and of Redis, and nothing is lost or doubled',
  async t => {
    const conversations = 60
    const turns = 5
    const settings = {
      conversations,
      turns,
      atOnce: 60,
      processes: 3,
      killEvery: 2,
      restartRedisEvery: 4,
      mood: 'uneasy',
      seed: 20_261_122,
      // Long enough for every kind of kill to find somebody talking.
      thinkingMs: 2000,
      waitSeconds: 6,
      leaseSeconds: 2,
      maxTurns: 500,
      fsync: 'always'
    } as const
    const { offenders, measures } = await runChaos(t, settings, line => t.comment(line))
    for (const offender of offenders) t.fail(storyOf(offender))
    t.equal(measures.turns, conversations * (turns + 1))
    t.ok(measures.kills.process > 0, 'processes were killed')
    t.ok(measures.kills.redis > 0, 'Redis was killed')
  }
)
