// Twilio as far as the systems need it, and nothing more: it answers at once, remembers where webhooks lead,
// and tells of each message that was sent.
import { once } from 'node:events'
import { createServer } from 'node:http'
import * as answers from './answers.mjs'

/**
 * @param {readonly import('./customers.mjs').Customer[]} customers
 * @param {{ verbatim?: boolean, onFault(message: string): void }} options `verbatim` answers messages as they were sent
 */
export async function openTwilio(customers, { verbatim = false, onFault }) {
  const byConversation = new Map(customers.map(one => [one.conversationSid, one]))
  const twilio = {
    url: '',
    /** Called for each message that was sent, with the customer who gets it. */
    onMessage: () => {},
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }

  const server = createServer((request, response) => {
    const { method, url } = request
    const at = url.indexOf('/Conversations/CH')
    const customer = byConversation.get(url.slice(at + 15, at + 49))
    const resource = /^\/?\w*/.exec(url.slice(at + 49))[0]
    if (method === 'POST' && (verbatim || resource !== '/Messages')) {
      let body = ''
      request.setEncoding('latin1').on('data', text => {
        body += text
      })
      request.once('end', () => answer(body))
    } else {
      request.resume().once('end', () => answer(''))
    }

    function answer(body) {
      const [status, text] = customer ? answerTo(method, resource, customer, body) : unknown
      if (status === 404) onFault(`Twilio was asked ${method} ${url}, which it does not know`)
      response.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text)
      })
      response.end(text)
      if (method === 'POST' && resource === '/Messages') twilio.onMessage(customer)
    }
  })

  function answerTo(method, resource, customer, body) {
    const { conversationSid } = customer
    switch (`${method} ${resource}`) {
      case 'POST /Messages': {
        customer.index += 1
        return [
          201,
          verbatim
            ? answers.sentMessage(conversationSid, customer.index, new URLSearchParams(body))
            : answers.anyMessage(conversationSid, customer.index)
        ]
      }
      case 'POST /Webhooks': {
        const url = new URLSearchParams(body).get('Configuration.Url')
        const { pathname, search } = new URL(url)
        customer.path = pathname + search
        return [201, answers.webhook(conversationSid, url)]
      }
      case 'GET ':
        return [200, answers.conversation(conversationSid)]
      case 'GET /Participants':
        return [200, answers.participants(customer)]
      case 'GET /Messages':
        return [200, answers.noMessages]
      case 'GET /Webhooks':
        return [200, answers.noWebhooks]
      default:
        return unknown
    }
  }

  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  twilio.url = `http://127.0.0.1:${server.address().port}`
  return twilio
}

const unknown = [404, JSON.stringify({ code: 20404, message: 'Not found', status: 404 })]
