import { changeFrame, frameOf, type Journey } from './journey.ts'
import type { Outcome, VisitAttachment } from './widget.ts'

type Wait = Extract<Outcome, { type: 'wait' }>
type Request = Extract<Outcome, { type: 'request' }>

/** Waits for a reply. The visit's number names the wait: no timer of another one can end it. */
export function wait(journey: Journey, { afterIndex, timeoutMs, memory }: Wait): null {
  const { execution, now, env } = journey
  const until = Math.min(now + timeoutMs, execution.createdAt + env.limits.lifetimeMs)
  const token = String(frameOf(journey).visit)
  execution.pause = { type: 'reply', token, afterIndex, since: now, until, memory }
  return null
}

/** Waits for an effect, which is kept: whoever takes the execution up again knows what to do. */
export function request(journey: Journey, outcome: Request): null {
  attach(journey, outcome.attachment)
  const { execution } = journey
  const { visit, requests } = frameOf(journey)
  changeFrame(journey, { requests: requests + 1 })
  const effect = { id: `${execution.sid}:${visit}:${requests}`, ...outcome.effect }
  execution.pause = { type: 'effect', effect, memory: outcome.memory }
  journey.effect = effect
  return null
}

export function attach(journey: Journey, attachment: VisitAttachment | undefined): void {
  if (!attachment) return
  const { execution } = journey
  const { visit } = frameOf(journey)
  const others = execution.attachments.filter(other => other.visit !== visit)
  execution.attachments = [...others, { ...attachment, visit }]
}
