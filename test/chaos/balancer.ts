// One address for many processes, as a load balancer gives it.
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Scope } from './scope.ts'

export interface Target {
  readonly name: string
  readonly port: number
}

export interface Balancer {
  readonly url: string
  /** Set before the first call: who gets the calls, in turn. */
  serve(targets: readonly Target[]): void
  /** Calls that nobody took, or whose answer was cut off: the caller got a 502. */
  readonly failed: number
}

export interface Passing {
  /** A call about a Conversation is handed to a process. */
  readonly toward: (conversationSid: string, target: Target) => void
  /** Milliseconds after which the network delivers a webhook call once more; null for not. */
  readonly copyAfter: () => number | null
}

type Call = Pick<IncomingMessage, 'method' | 'url' | 'headers'> & { readonly body: Buffer }
type Answer = Pick<IncomingMessage, 'statusCode' | 'headers'> & { readonly body: Buffer }

/** A process that refuses the connection is passed over; one that dies with the call in its hands is not. */
export async function startBalancer(scope: Scope, passing: Passing): Promise<Balancer> {
  const agent = new Agent({ keepAlive: true })
  const copies = new Set<NodeJS.Timeout>()
  let targets: readonly Target[] = []
  let turn = 0
  let failed = 0

  const server = createServer((incoming, response) => {
    void pass(incoming, response)
  })
  server.listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  scope.teardown(() => {
    for (const timer of copies) clearTimeout(timer)
    agent.destroy()
    server.close()
    server.closeAllConnections()
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve(all) {
      targets = all
    },
    get failed() {
      return failed
    }
  }

  async function pass(incoming: IncomingMessage, response: ServerResponse) {
    try {
      const { method, url, headers } = incoming
      const call: Call = { method, url, headers, body: await bodyOf(incoming) }
      if (url?.startsWith('/webhooks/')) copyLater(call)
      const answer = await toOneOf(call, response)
      response.writeHead(answer.statusCode ?? 502, answer.headers).end(answer.body)
    } catch {
      failed += 1
      response.writeHead(502).end()
    }
  }

  async function toOneOf(call: Call, response?: ServerResponse): Promise<Answer> {
    const conversationSid = /CH[0-9a-f]{32}/.exec(call.body.toString())?.[0]
    turn += 1
    for (let tried = 0; ; tried += 1) {
      const target = targets[(turn + tried) % targets.length]
      if (!target || tried === targets.length) throw new Error('Nobody is there')
      try {
        return await forward(call, target, response, () => {
          if (conversationSid) passing.toward(conversationSid, target)
        })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
      }
    }
  }

  function copyLater(call: Call) {
    const delay = passing.copyAfter()
    if (delay === null) return
    const timer = setTimeout(() => {
      copies.delete(timer)
      toOneOf(call).catch(() => {})
    }, delay)
    copies.add(timer)
  }

  function forward(
    { method, url, headers, body }: Call,
    { port }: Target,
    response: ServerResponse | undefined,
    connected: () => void
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request({ host: '127.0.0.1', port, path: url, method, headers, agent })
      outgoing.on('socket', socket => {
        if (socket.connecting) socket.once('connect', connected)
        else connected()
      })
      outgoing.on('error', reject)
      outgoing.on('response', answer => {
        const { statusCode, headers } = answer
        bodyOf(answer).then(body => resolve({ statusCode, headers, body }), reject)
      })
      // Whoever asked has gone.
      response?.once('close', () => {
        if (!response.writableEnded) outgoing.destroy()
      })
      outgoing.end(body)
    })
  }
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of message) parts.push(part)
  return Buffer.concat(parts)
}
