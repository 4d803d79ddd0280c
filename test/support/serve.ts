// A server on this machine for flows to call.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** What a server was sent. */
export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  /** The address at which the server was reached. */
  readonly at: string
}

export type Handler = (received: Received, response: ServerResponse) => void

/** Listens on all IPv4 addresses of this machine, and notes what it is sent. */
export async function serve(
  t: Test,
  handler: Handler = (_received, response) => response.end('fine')
) {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', url: path = '', headers, socket } = request
    const entry = { method, path, headers, body, at: socket.localAddress ?? '' }
    received.push(entry)
    handler(entry, response)
  })
  await new Promise<void>(resolve => server.listen(0, '0.0.0.0', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    return new Promise(resolve => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { received, port, origin: `http://127.0.0.1:${port}` }
}
