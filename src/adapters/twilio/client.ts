import twilio, { type Twilio } from 'twilio'
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
