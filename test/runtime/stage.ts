// A service whose time the test moves, and what the tests of the runtime look at.

import type { Test } from 'tap'
import type { Execution } from '../../src/engine/execution.ts'
import { makeLease } from '../../src/runtime/lease.ts'
import type { Claim, Commit } from '../../src/runtime/ports.ts'
import type { Tools } from '../../src/runtime/runtime.ts'
import { runTurn } from '../../src/runtime/turn.ts'
import { accountSid, authToken, type BuildOptions, buildService } from '../support/build-service.ts'
import { makeFakeClock } from './fake-clock.ts'

export const leaseMs = 30_000

export type Stage = Awaited<ReturnType<typeof setStage>>

export async function setStage(t: Test, options: Omit<BuildOptions, 'clock'> = {}) {
  const clock = makeFakeClock()
  const { simulator } = options
  const service = await buildService(t, {
    ...options,
    clock,
    // Limits per second are those of the test's own seconds.
    ...(simulator && { simulator: { now: clock.now, ...simulator } })
  })
  const { runtime, world, url, trigger } = service
  const { executions } = runtime
  // Before the service is closed, which waits for the turns under way.
  t.teardown(clock.stop)

  const find = async (sid: string): Promise<Execution> => {
    const execution = await executions.fetch(sid)
    if (!execution) throw new Error(`There is no execution ${sid}`)
    return execution
  }

  /** Until nothing is under way any more; whoever sleeps meanwhile is woken in time. */
  const idle = async () => {
    let over = false
    const quiet = service.idle().finally(() => {
      over = true
    })
    while (!over) {
      clock.pass(clock.sleepsFor ?? 5)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    await quiet
  }

  return {
    ...service,
    clock,
    find,
    idle,

    /** Says something as the customer, and waits until all that it causes is done. */
    async say(conversationSid: string, body: string) {
      const message = world.say(conversationSid, { body })
      await idle()
      return message
    },

    /** Triggers an execution for a Conversation, and waits until its first turn is over. */
    async start(flowSid: string, conversationSid: string, more: object = {}, to?: string) {
      const parameters = { conversation_sid: conversationSid, name: 'Ada', ...more }
      const { sid } = await trigger(flowSid, parameters, to)
      await idle()
      return sid
    },

    /** What the API tells an operator. */
    async diagnosis(flowSid: string, sid: string) {
      const response = await fetch(`${url}/v2/Flows/${flowSid}/Executions/${sid}/Diagnosis`, {
        headers: { authorization: `Basic ${btoa(`${accountSid}:${authToken}`)}` }
      })
      return (await response.json()) as Diagnosis
    },

    /** Widget and transition of each step, in order. */
    async path(sid: string): Promise<string[]> {
      const steps = await executions.fetchSteps(sid)
      return steps.map(({ widget, transition }) => `${widget} ${transition}`)
    },

    /** What Twilio was asked, in order: `POST Messages`, with the status where it is an error. */
    calls: (after = 0): string[] =>
      world.log.after(after).flatMap(entry => {
        if (entry.type !== 'call') return []
        const { method, path, status } = entry
        const trouble = status === null || status >= 400 ? ` ${status}` : ''
        return [`${method} ${resourceOf(path)}${trouble}`]
      }),

    bodies: (conversationSid: string) =>
      world.conversation(conversationSid).messages.map(({ body }) => body),

    /**
     * The next turn dies: before it sends one message more than told, or else when all is done and only the
     * commit is missing. Resolves when it has died.
     */
    dieInNextTurn: (sends = Number.POSITIVE_INFINITY): Promise<Killed> =>
      new Promise(resolve =>
        inNextTurn(claim => killable(sends, commit => resolve({ claim, commit })))
      ),

    /** The next turn runs with tools that the test has put in, and dies where one of them calls `die`. */
    dieWhere: (spoil: (tools: Tools, die: () => Promise<never>) => Partial<Tools>): Promise<void> =>
      new Promise(resolve => {
        const die = () => {
          resolve()
          return never()
        }
        inNextTurn(() => ({ ...runtime, ...spoil(runtime, die) }))
      }),

    /** Lets the lease of a dead turn run out, and waits until another one has done what it left. */
    async recover() {
      clock.pass(leaseMs + 1)
      await idle()
    }
  }

  function inNextTurn(toolsFor: (claim: Claim) => Tools): void {
    const { worker } = runtime
    const { run } = worker
    Object.assign(worker, {
      run(claim: Claim) {
        Object.assign(worker, { run })
        // It is the product's own way of saving that a death is tried on.
        const lease = makeLease({ ...runtime, leaseMs, failed() {} }, claim)
        void runTurn({ ...toolsFor(claim), alwaysSuspend: false }, claim, lease)
      }
    })
  }

  /** Tools that stand still where the turn dies, as everything does in a process that was killed. */
  function killable(sends: number, killed: (commit: Commit | null) => void): Tools {
    const { conversations } = runtime
    let left = sends
    const die = (commit: Commit | null) => {
      killed(commit)
      return never()
    }
    return {
      ...runtime,
      executions: {
        ...executions,
        commit: (claim, commit) =>
          commit.consumed.length === 0 ? executions.commit(claim, commit) : die(commit)
      },
      conversations: {
        ...conversations,
        send: (message, effectId) =>
          left-- > 0 ? conversations.send(message, effectId) : die(null)
      }
    }
  }
}

const never = () => new Promise<never>(() => {})

interface Killed {
  readonly claim: Claim
  /** What it was about to save; null where it did not come so far. */
  readonly commit: Commit | null
}

interface Diagnosis {
  readonly status: string
  readonly doing: string
  readonly waiting_since: string | null
  readonly waiting_until: string | null
  readonly last_look: string | null
  readonly next_look: string | null
  readonly question_index: number | null
  readonly conversation_sid: string | null
  readonly end_reason: string | null
  readonly teardown: {
    readonly tasks: readonly object[]
    readonly attempts: number
    readonly next_attempt: string
    readonly last_error: string | null
  } | null
  readonly problems: readonly { code: number | null; message: string; widget: string | null }[]
}

const resourceOf = (path: string): string => {
  const [name = ''] = path.split('?', 1)
  return name.split('/').findLast(word => /^[A-Z][a-z]/.test(word)) ?? name
}
