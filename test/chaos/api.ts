// The service's API as a careful caller uses it: what got no answer is asked again until it gets one.
import { setTimeout as sleep } from 'node:timers/promises'
import { accountSid, authToken, basic } from '../support/build-service.ts'
import { business, type Talk } from './talk.ts'

export interface Api {
  publish(definition: object): Promise<string>
  /** Answers the SID of the execution. */
  trigger(flowSid: string, talk: Talk): Promise<string>
  fetch<T>(path: string): Promise<T>
  remove(path: string): Promise<void>
}

const authorization = basic(accountSid, authToken)
const pauseMs = 200
const patienceMs = 10_000

export function makeApi(url: string): Api {
  async function call(method: string, path: string, form?: object, headers?: object) {
    for (;;) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization, ...headers },
        signal: AbortSignal.timeout(patienceMs),
        ...(form && { body: new URLSearchParams({ ...form }) })
      }).catch(() => null)
      const text = await response?.text().catch(() => null)
      if (response && text != null && response.status < 500) {
        if (response.ok) return text === '' ? null : JSON.parse(text)
        throw new Error(`${method} ${path} was answered ${response.status}: ${text}`)
      }
      await sleep(pauseMs)
    }
  }

  return {
    async publish(definition) {
      const form = {
        FriendlyName: 'Chaos',
        Status: 'published',
        Definition: JSON.stringify(definition)
      }
      return (await call('POST', '/v2/Flows', form)).sid
    },

    async trigger(flowSid, { conversationSid, customer }) {
      const form = {
        To: customer,
        From: business,
        Parameters: JSON.stringify({ conversation_sid: conversationSid })
      }
      const once = { 'Idempotency-Key': conversationSid }
      return (await call('POST', `/v2/Flows/${flowSid}/Executions`, form, once)).sid
    },

    fetch: path => call('GET', path),

    async remove(path) {
      // Repeated after a lost answer, it may be gone already.
      await call('DELETE', path).catch(error => {
        if (!String(error).includes('answered 404')) throw error
      })
    }
  }
}
