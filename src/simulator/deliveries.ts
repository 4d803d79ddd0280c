import { randomUUID } from 'node:crypto'
import type { WebhookCaller } from './call-webhook.ts'
import { type Faults, namesOf } from './faults.ts'
import type { Log } from './log.ts'
import type { Delivery } from './model.ts'

type Parcel = {
  readonly delivery: Delivery
  readonly token: string
  readonly faults: readonly string[]
}

/**
 * The way of webhook calls out of the simulator: in order for one webhook, side by side for
 * different ones, one attempt each, as Twilio does it for webhooks of a conversation.
 */
export type Deliveries = {
  deliver(delivery: Delivery): void
  /** Resolves when nothing is queued, delayed or under way. */
  idle(): Promise<void>
  /** Drops what has not been sent yet. */
  clear(): void
  close(): void
}

export function createDeliveries(caller: WebhookCaller, log: Log, faults: Faults): Deliveries {
  const queues = new Map<string, Parcel[]>()
  const delayed = new Set<NodeJS.Timeout>()
  /** Ways to send what waits to be overtaken, by webhook. */
  const held = new Map<string, (() => void)[]>()
  let idlers: (() => void)[] = []
  let open = 0
  let closed = false

  function enqueue(parcel: Parcel) {
    open += 1
    const { webhookSid } = parcel.delivery
    const queue = queues.get(webhookSid)
    if (queue) {
      queue.push(parcel)
    } else {
      const started = [parcel]
      queues.set(webhookSid, started)
      void drain(webhookSid, started)
    }
    const overtaken = held.get(webhookSid)
    if (!overtaken) return
    held.delete(webhookSid)
    for (const send of overtaken) send()
  }

  async function drain(webhookSid: string, queue: Parcel[]) {
    for (let parcel = queue.shift(); parcel; parcel = queue.shift()) {
      await attempt(parcel)
      settle(1)
    }
    queues.delete(webhookSid)
  }

  async function attempt(parcel: Parcel) {
    const start = performance.now()
    const done = (status: number | null, error: string | null) =>
      record(log, parcel, { status, error, ms: Math.round(performance.now() - start) })
    try {
      done(await caller.call(parcel.delivery, parcel.token), null)
    } catch (error) {
      done(null, error instanceof Error ? error.message : String(error))
    }
  }

  function settle(count: number) {
    open -= count
    if (open > 0) return
    const waiting = idlers
    idlers = []
    for (const resolve of waiting) resolve()
  }

  /** Answers a way to send it sooner. */
  function enqueueLater(parcel: Parcel, delay: number): () => void {
    open += 1
    const send = () => {
      clearTimeout(timer)
      if (!delayed.delete(timer)) return
      enqueue(parcel)
      settle(1)
    }
    const timer = setTimeout(send, delay)
    delayed.add(timer)
    return send
  }

  function hold(parcel: Parcel, longest: number) {
    const { webhookSid } = parcel.delivery
    const waiting = held.get(webhookSid)
    const send = enqueueLater(parcel, longest)
    if (waiting) waiting.push(send)
    else held.set(webhookSid, [send])
  }

  function clear() {
    let dropped = delayed.size
    for (const timer of delayed) clearTimeout(timer)
    delayed.clear()
    held.clear()
    for (const queue of queues.values()) {
      dropped += queue.length
      queue.length = 0
    }
    settle(dropped)
  }

  return {
    deliver(delivery) {
      if (closed) return
      const fault = faults.any ? faults.take(`WEBHOOK ${delivery.event}`) : undefined
      const parcel = { delivery, token: randomUUID(), faults: namesOf(fault) }
      if (fault?.drop) {
        record(log, parcel, { status: null, error: 'lost on request', ms: 0 })
        return
      }
      for (let copies = fault?.copies ?? 1; copies > 0; copies -= 1) {
        if (fault?.delay) enqueueLater(parcel, fault.delay)
        else if (fault?.overtaken !== undefined) hold(parcel, fault.overtaken)
        else enqueue(parcel)
      }
    },
    idle() {
      return open === 0 ? Promise.resolve() : new Promise(resolve => idlers.push(resolve))
    },
    clear,
    close() {
      closed = true
      clear()
      caller.close()
    }
  }
}

function record(
  log: Log,
  { delivery, faults }: Parcel,
  outcome: { readonly status: number | null; readonly error: string | null; readonly ms: number }
) {
  log.write({ type: 'delivery', ...delivery, ...outcome, faults })
}
