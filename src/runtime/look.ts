import { noteProblem } from '../engine/ending.ts'
import type { InboxEvent, MessageReceived } from '../engine/event.ts'
import type { Execution, Problem, ReplyPause } from '../engine/execution.ts'
import { accept } from './accept.ts'
import { dueAt } from './due.ts'
import { CallFailed } from './errors.ts'
import { looked, notLooked } from './looks.ts'
import type { Claim } from './ports.ts'
import { goneCode, type ReadBack, readBack, repliesTo, troubleOf } from './read-back.ts'
import type { Tools } from './runtime.ts'

/**
 * Accepts what a Conversation holds for a wait: replies that nobody has told of, or else that there can be none
 * any more. A look that fails ends nothing, not even a wait whose time is over: nobody can tell whether there
 * is a reply. Answers the execution as it is to be saved.
 */
export async function look(
  tools: Tools,
  execution: Execution,
  pause: ReplyPause,
  now: number
): Promise<Execution> {
  const { sid } = execution
  const { lookout } = tools
  const over = now >= pause.until
  try {
    const { messages, lost } = await (over ? readLast : readBack)(tools, execution, pause)
    const { token } = pause
    const at = tools.clock.now()
    const loss = lost && ({ type: 'conversation-lost', at, token, ...lost } as const)
    if (loss && messages.length > 0)
      await accept(tools, sid, { ...loss, id: `marked:${token}`, answered: true })
    let replies = 0
    for (const message of messages) if (await accept(tools, sid, message)) replies += 1
    if (replies === 0 && loss)
      await accept(tools, sid, { ...loss, id: `lost:${token}`, answered: false })
    else if (replies === 0 && over)
      await accept(tools, sid, { type: 'timed-out', id: `timer:${token}`, at: now, token })
    lookout.note(true)
    return { ...execution, pause: readTo(looked(sid, pause, lookout, now), messages) }
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error
    lookout.note(false)
    tools.logger.warn({ executionSid: sid, error }, 'Replies could not be read back; tried again')
    const pausedOn = notLooked(sid, pause, tools.clock.now())
    return noteOnce(tools, { ...execution, pause: pausedOn }, troubleOf(execution, error.failure))
  }
}

/** Once a wait is over the flow goes on by itself, also where its Conversation is not there any more. */
async function readLast(tools: Tools, execution: Execution, pause: ReplyPause): Promise<ReadBack> {
  try {
    return { messages: await repliesTo(tools, execution, pause), lost: null }
  } catch (error) {
    if (goneCode(tools, execution, error) === null) throw error
    return { messages: [], lost: null }
  }
}

const readTo = (pause: ReplyPause, messages: readonly MessageReceived[]): ReplyPause => ({
  ...pause,
  readTo: messages.at(-1)?.index ?? pause.readTo ?? pause.afterIndex
})

/** What fails again and again is told once. */
export function noteOnce(
  { env, clock }: Tools,
  execution: Execution,
  trouble: Omit<Problem, 'at'>
): Execution {
  const last = execution.problems.at(-1)?.message
  return last !== undefined && trouble.message.startsWith(last)
    ? execution
    : noteProblem(execution, { ...trouble, at: clock.now() }, env.limits)
}

/** Was it claimed only to be looked at? */
export const isLook = ({ execution: { pause }, inbox }: Claim, now: number): boolean =>
  pause?.type === 'reply' && inbox.length === 0 && now < pause.until

/** Lets go of an execution that was claimed for a look. Answers what came in meanwhile, as `commit` does. */
export async function putOffLook(tools: Tools, claim: Claim): Promise<readonly InboxEvent[]> {
  const { executions, clock } = tools
  const { sid, pause } = claim.execution
  if (pause?.type !== 'reply') throw new Error(`Execution ${sid} waits for no reply`)
  const now = clock.now()
  const execution = { ...claim.execution, pause: notLooked(sid, pause, now) }
  const turn = { execution, steps: [], consumed: [], hold: false, now }
  return executions.commit(claim, { ...turn, dueAt: dueAt(tools, execution) })
}
