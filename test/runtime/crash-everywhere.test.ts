// Every call that a story makes goes wrong once, in every manner; the story must come out the same.

import { deepStrictEqual } from 'node:assert/strict'
import t, { type Test } from 'tap'
import { alwaysSuspend } from '../support/build-service.ts'
import type { Manner, Misfortune, Point } from './lab/fate.ts'
import { type Lab, openLab } from './lab/lab.ts'
import { checkEnd, checkForgotten, type Outcome, outcomeOf } from './lab/outcome.ts'
import { nightly } from './lab/profile.ts'
import { publishStory, type Story, stories } from './lab/stories.ts'
import { makeTeller } from './lab/teller.ts'

const manners: readonly Manner[] = ['fails before', 'fails after', 'dies before', 'dies after']
/**
 * A process that sleeps too long loses its lease, and whatever it then does in the store comes to nothing. Twilio
 * knows no fences: a process that slept within a turn may still send what another one has sent meanwhile.
 */
const fenced = /^store (create|deliver|claim|claimDue|commit|renew|remove|list)$/

const mostFailures = 5

t.setTimeout(nightly ? 14_400_000 : 600_000)

for (const story of stories) {
  t.test(`a story that ${story.name} comes out the same`, async t => {
    const lab = await openLab(t, { alwaysSuspend })
    const flowSid = await publishStory(lab, story)
    const { points, outcome } = await undisturbed(t, lab, story, flowSid)
    const single = points.flatMap(point => mannersOf(point).map(manner => [{ ...point, manner }]))
    const all = nightly ? [...single, ...pairsOf(points)] : single
    for (const misfortunes of all) {
      if (t.counts.fail >= mostFailures) return
      await disturbed(t, lab, story, flowSid, misfortunes, outcome)
    }
    t.ok(single.length > 50, 'it was tried at every call')
    t.comment(`${all.length} misfortunes or pairs of them, at ${points.length} calls`)
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

/** Two things go wrong in one story. The second may never come to pass: another process has other calls. */
const pairsOf = (points: readonly Point[]): Misfortune[][] =>
  points.flatMap((first, place) =>
    points.slice(place + 1).flatMap(second =>
      manners.flatMap(one =>
        manners.map(other => [
          { ...first, manner: one },
          { ...second, manner: other }
        ])
      )
    )
  )

async function disturbed(
  t: Test,
  lab: Lab,
  story: Story,
  flowSid: string,
  misfortunes: readonly Misfortune[],
  normal: Outcome
): Promise<void> {
  const changes = misfortunes.map(one => story.instead?.(one, normal) ?? {})
  const change = changes.find(one => Object.keys(one).length > 0) ?? {}
  const expected = { ...normal, ...change }
  const together = misfortunes.length > 1
  try {
    const { outcome, pending } = await run(lab, story, flowSid, misfortunes)
    if (!together) deepStrictEqual(pending, [], 'the misfortune came to pass')
    // Where something else may come of one of two, only the promises are looked at: `run` has done so.
    if (together && story.instead) return
    // Another path has other steps.
    const steps = 'path' in change || 'tasks' in change ? outcome.steps : expected.steps
    deepStrictEqual(outcome, { ...expected, steps })
  } catch (error) {
    const names = misfortunes.map(({ call, nth, manner }) => `${call} (${nth}) ${manner}`)
    t.fail(`${names.join(', ')}: ${(error as Error).message}`)
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
