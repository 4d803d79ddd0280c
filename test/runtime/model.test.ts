// Any story of a conversation, told to the runtime and to a model of it that knows no crashes.
//
// A story that fails is printed, as short as it could be made, with what repeats it:
//   FC_SEED=… FC_PATH=… FC_REPLAY=… npx tap test/runtime/model.test.ts

import fc from 'fast-check'
import t, { type Test } from 'tap'
import { putFlow } from '../../src/runtime/flows.ts'
import { alwaysSuspend } from '../support/build-service.ts'
import { startChat } from './lab/chat.ts'
import { chatFlow } from './lab/chat-flow.ts'
import { commands } from './lab/commands.ts'
import { openLab } from './lab/lab.ts'
import { checkForgotten } from './lab/outcome.ts'
import { nightly } from './lab/profile.ts'
import { makeTeller } from './lab/teller.ts'

const flowSid = `FW${'6'.repeat(32)}`
const { FC_SEED, FC_PATH, FC_REPLAY } = process.env

t.setTimeout(nightly ? 3_600_000 : 300_000)

t.test('whatever happens, a conversation goes as its model says', t =>
  tellStories(t, { alwaysSuspend, count: nightly ? 10_000 : 500 })
)

t.test('so it does where everything is saved and read again at every effect', t =>
  tellStories(t, { alwaysSuspend: true, count: nightly ? 1000 : 100 })
)

async function tellStories(
  t: Test,
  { alwaysSuspend, count }: { readonly alwaysSuspend: boolean; readonly count: number }
): Promise<void> {
  const lab = await openLab(t, { alwaysSuspend })
  let revision = 1
  await putFlow(lab.process.runtime, flowSid, {
    friendlyName: 'Chat',
    status: 'published',
    definition: chatFlow(revision)
  })

  const story = fc.commands(commands, {
    maxCommands: 14,
    size: 'max',
    ...(FC_REPLAY && { replayPath: FC_REPLAY })
  })
  let told = 0
  const property = fc.asyncProperty(story, async steps => {
    const chat = startChat(revision)
    try {
      lab.world.faults.add([{ call: 'WEBHOOK onMessageAdded', drop: true, times: 1_000_000 }])
      const teller = makeTeller(lab, flowSid)
      teller.openConversation()
      await teller.start()
      await teller.untilItWaits(1)
      await fc.asyncModelRun(() => ({ model: chat, real: { teller, flowSid } }), steps)
      if (!chat.end) await teller.end()
      await teller.untilItIsOver()
      await checkForgotten(lab, teller.sid)
      told += 1
    } finally {
      revision = chat.latest
      await lab.clear()
    }
  })
  await fc.assert(property, {
    numRuns: count,
    ...(FC_SEED && { seed: Number(FC_SEED) }),
    ...(FC_PATH && { path: FC_PATH })
  })
  t.ok(told > 0)
  t.comment(`${told} stories`)
}
