// Every call that a story makes goes wrong once, in every manner; the story must come out the same.

import { deepStrictEqual } from 'node:assert/strict'
import t, { type Test } from 'tap'
import { alwaysSuspend } from '../support/build-service.ts'
import type { Manner, Misfortune, Point } from './lab/fate.ts'
import { type Lab, openLab } from './lab/lab.ts'
import { checkEnd, checkForgotten, type Outcome, outcomeOf } from './lab/outcome.ts'
import { publishStory, type Story, stories } from './lab/stories.ts'
import { makeTeller } from './lab/teller.ts'

const manners: readonly Manner[] = ['fails before', 'fails after', 'dies before', 'dies after']
/**
 * A process that sleeps too long loses its lease, and whatever it then does in the store comes to nothing. Twilio
 * knows no fences: a process that slept within a turn may still send what another one has sent meanwhile.
 */
const fenced = /^store (create|deliver|claim|claimDue|commit|renew|remove|fetch|list)$/

const mostFailures = 5

for (const story of stories) {
  t.test(`a story that ${story.name} comes out the same`, { timeout: 600_000 }, async t => {
    const lab = await openLab(t, { alwaysSuspend })
    const flowSid = await publishStory(lab, story)
    const { points, outcome } = await undisturbed(t, lab, story, flowSid)
    let tried = 0
    for (const point of points) {
      for (const manner of mannersOf(point)) {
        if (t.counts.fail >= mostFailures) return
        await disturbed(t, lab, story, flowSid, { ...point, manner }, outcome)
        tried += 1
      }
    }
    t.ok(tried > 50, 'it was tried at every call')
    t.comment(`${tried} misfortunes at ${points.length} calls`)
  })
}

const mannersOf = ({ call }: Point): readonly Manner[] =>
  fenced.test(call) ? [...manners, 'sleeps before'] : manners

async function undisturbed(t: Test, lab: Lab, story: Story, flowSid: string) {
  const { outcome, points } = await run(lab, story, flowSid, [])
  t.same(outcome.bodies, story.bodies)
  t.equal(outcome.conversation, story.closes ? 'closed' : 'active')
  t.match(outcome, { end: story.ends, problems: [] })
  return { outcome, points }
}

async function disturbed(
  t: Test,
  lab: Lab,
  story: Story,
  flowSid: string,
  misfortune: Misfortune,
  normal: Outcome
): Promise<void> {
  const name = `${misfortune.call} (${misfortune.nth}) ${misfortune.manner}`
  const change = story.instead?.(misfortune, normal) ?? {}
  const expected = { ...normal, ...change }
  try {
    const { outcome, pending } = await run(lab, story, flowSid, [misfortune])
    deepStrictEqual(pending, [], 'the misfortune came to pass')
    // Another path has other steps.
    const steps = 'path' in change || 'tasks' in change ? outcome.steps : expected.steps
    deepStrictEqual(outcome, { ...expected, steps })
  } catch (error) {
    t.fail(`${name}: ${(error as Error).message}`)
  } finally {
    await lab.clear()
  }
}

async function run(lab: Lab, story: Story, flowSid: string, misfortunes: readonly Misfortune[]) {
  await lab.settle()
  lab.boot()
  const teller = makeTeller(lab, flowSid)
  lab.fate.plan(misfortunes)
  await story.tell(teller)
  lab.wakeAll()
  await lab.settle()
  const outcome = await outcomeOf(lab, teller.sid, teller.conversation)
  await checkEnd(lab, teller.sid, teller.conversation)
  if (!story.deleted) await checkForgotten(lab, teller.sid)
  const { points, pending } = lab.fate
  await lab.clear()
  return { outcome, points, pending }
}
