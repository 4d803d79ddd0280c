// Tells one story in the lab: what the client and the customer do, and what they wait to see.

import { equal } from 'node:assert/strict'
import { NotFound, NotNow } from '../../../src/runtime/errors.ts'
import { deleteExecution, endExecution } from '../../../src/runtime/executions.ts'
import { createExecution } from '../../../src/runtime/request.ts'
import { business } from '../../support/build-service.ts'
import type { Lab } from './lab.ts'
import { webhooksOf } from './outcome.ts'
import { storeAway } from './power.ts'

export type Teller = ReturnType<typeof makeTeller>

let people = 0

export function makeTeller(lab: Lab, flowSid: string) {
  const { world } = lab
  people += 1
  const customer = `+1777${String(people).padStart(7, '0')}`
  let conversation: string | null = null
  let sid: string | null = null

  const teller = {
    lab,
    get conversation(): string {
      if (conversation === null) throw new Error('There is no Conversation yet')
      return conversation
    },
    get sid(): string {
      if (sid === null) throw new Error('There is no execution yet')
      return sid
    },

    /** A Conversation of the customer's, with a webhook of somebody else's. */
    openConversation() {
      const participants = [{ address: customer, proxyAddress: business }]
      conversation = world.openConversation({ participants }).sid
    },

    /** The flow is to open the Conversation. */
    async findConversation() {
      const sids = await lab.conversationSids()
      equal(sids.length, 1, 'there is one Conversation, and only one')
      conversation = sids[0] ?? null
    },

    /** Once, however often the client has to ask. */
    async start() {
      const execution = await lab.request(runtime =>
        createExecution(runtime, {
          flowSid,
          to: customer,
          from: business,
          parameters: conversation === null ? {} : { conversation_sid: conversation },
          mode: 'flow',
          conflictPolicy: 'reject',
          idempotencyKey: customer
        })
      )
      sid = execution.sid
    },

    /** Until so many messages are there and the execution waits for the reply to the last one. */
    async untilItWaits(messages: number) {
      await lab.reach(`it waits after ${messages} messages`, async () => {
        const { pause } = await lab.find(teller.sid)
        return pause?.type === 'reply' && pause.afterIndex === messages - 1
      })
      if (conversation === null) await teller.findConversation()
      const webhooks = webhooksOf(lab, teller.sid, teller.conversation)
      equal(webhooks.length, 1, 'P7: one webhook while it waits')
    },

    reply: (body: string) => world.say(teller.conversation, { body }),

    async end() {
      await lab.request(runtime =>
        endExecution(runtime, teller.sid, 'api').catch(error => {
          // It has ended by the client's first try, or it is busy and will end after its turn.
          if (!(error instanceof NotNow)) throw error
        })
      )
    },

    async delete() {
      await lab.request(async (runtime, again) => {
        await deleteExecution(runtime, flowSid, teller.sid).catch(error => {
          // Busy with a turn until its lease ends: the client comes again.
          if (error instanceof NotNow) throw storeAway()
          if (!again || !(error instanceof NotFound)) throw error
        })
      })
    },

    /** Until the execution has ended, and nothing is left to undo. */
    untilItIsOver: () =>
      lab.reach('it is over', async () => {
        const execution = await lab.store.executions.fetch(teller.sid)
        return execution === null || (execution.status === 'ended' && execution.teardown === null)
      })
  }
  return teller
}
