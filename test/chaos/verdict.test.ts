// A judge that finds nothing must be able to find something.
import t from 'tap'
import type { ConversationView } from '../../src/simulator/world.schema.ts'
import { makeTalk, scriptOf } from './talk.ts'
import { trendOf } from './trend.ts'
import { judge } from './verdict.ts'

const customer = '+15550001111'

function finished() {
  const talk = { ...makeTalk(1, 'CH1', customer, 2), over: true, said: 2, misdeeds: [] as string[] }
  return { talk, script: scriptOf(talk) }
}

/** The Conversation as it is when these texts have been said. */
function conversationOf(bodies: readonly string[], more: Partial<ConversationView> = {}) {
  const messages = bodies.map((body, index) => ({
    sid: `IM${body}`,
    index,
    author: body.startsWith('reply-') ? customer : 'Studio',
    body,
    attributes: { reprise: { effect: `effect of ${body}` } }
  }))
  return { messages, webhooks: [], state: 'closed', ...more } as unknown as ConversationView
}

const kindsOf = (bodies: readonly string[], more?: Partial<ConversationView>) =>
  judge(finished().talk, conversationOf(bodies, more), new Set(['IMreply-1-2.'])).map(
    ({ kind }) => kind
  )

t.test('a conversation that went as it should is found to be without fault', async t => {
  const { script } = finished()
  t.same(script, [
    'Question 1 after "nothing"',
    'reply-1-1.',
    'Question 2 after "reply-1-1."',
    'reply-1-2.',
    'Goodbye after "reply-1-2."'
  ])
  t.same(kindsOf(script), [])
})

t.test('every fault is found, and called what it is', async t => {
  const { talk, script } = finished()
  const [one = '', first = '', two = '', second = '', bye = ''] = script
  const late = 'Nobody answered.'
  t.same(kindsOf([one, first, two, second, late]), ['lost', 'acknowledged, then ignored'])
  t.same(kindsOf([one, first, two, two, second, bye]), ['doubled', 'doubled', 'doubled'])
  const again = 'Question 2 after "reply-1-1." again'
  t.same(kindsOf([one, first, two, second, bye, again]), ['doubled'])
  t.same(kindsOf([one, first, second, two, bye]), ['out of order'])
  t.same(kindsOf([...script, late]), ['out of order'])
  t.same(kindsOf(script, { webhooks: [{ url: 'x' }] as never }), ['left webhook'])
  t.same(kindsOf(script, { state: 'active' }), ['not closed'])
  const stuck = { ...talk, over: false, said: 1 }
  t.same(
    judge(stuck, conversationOf([one, first, two], { state: 'active' }), new Set()).map(
      v => v.kind
    ),
    ['unfinished', 'not closed']
  )
  const seen = { ...talk, misdeeds: ['closed before its webhook was removed'] }
  t.match(judge(seen, conversationOf(script), new Set()), [{ kind: 'misdeed' }])
})

t.test('a series that grows is told from one that wavers', async t => {
  const series = (value: (minute: number) => number) =>
    Array.from({ length: 60 }, (_, minute) => ({ hours: minute / 60, value: value(minute) }))
  t.match(
    trendOf(
      series(minute => 100 + minute),
      5
    ),
    { flat: false }
  )
  t.equal(
    Math.round(
      trendOf(
        series(minute => 100 + minute),
        5
      ).perHour
    ),
    60
  )
  t.match(
    trendOf(
      series(minute => 100 + (minute % 7)),
      5
    ),
    { flat: true }
  )
  t.match(
    trendOf(
      series(minute => (minute < 12 ? minute * 8 : 100)),
      5
    ),
    { flat: true }
  )
  t.match(
    trendOf(
      series(minute => 100 - minute),
      5
    ),
    { flat: true }
  )
})
