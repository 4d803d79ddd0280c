import { createHmac } from 'node:crypto'

/**
 * The value of X-Twilio-Signature. For a GET, the parameters are in the URL already and none are
 * passed. https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export function sign(
  authToken: string,
  url: string,
  params: Readonly<Record<string, string>> = {}
): string {
  let text = url
  // The default order of sort() is by UTF-16 code unit, which is the order that Twilio signs in.
  for (const name of Object.keys(params).sort()) text += name + params[name]
  return createHmac('sha1', authToken).update(text).digest('base64')
}
