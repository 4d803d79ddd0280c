import twilio, { type Twilio } from 'twilio'
import type { Answer } from './exchange.ts'
import { refusal } from './failures.ts'
import type { HttpClient } from './http-client.ts'

export interface ClientOptions {
  readonly accountSid: string
  /** The account SID and its token, or an API key and its secret. */
  readonly user: string
  readonly secret: string
  readonly httpClient: HttpClient
}

/** The official SDK on our HTTP client. The SDK types that by a class; it calls nothing but `request`. */
export const makeClient = ({ accountSid, user, secret, httpClient }: ClientOptions): Twilio =>
  twilio(user, secret, { accountSid, httpClient: httpClient as never })

export interface Question {
  readonly method: 'get' | 'post'
  readonly uri: string
  readonly data?: object
}

/**
 * Asks Twilio by the SDK's client and answers what it wrote, for calls that are made often: of most answers
 * the SDK makes an object, with dates that nobody here reads, which costs more than the call does.
 */
export async function ask<Json>(client: Twilio, question: Question): Promise<Json> {
  const answer: Answer = await client.request(question)
  if (answer.statusCode >= 300) throw refusal(answer)
  return JSON.parse(answer.body)
}
