import { timingSafeEqual } from 'node:crypto'
import { getExpectedTwilioSignature, validateRequest } from 'twilio/lib/webhooks/webhooks.js'

/** Form parameters as parsed; a name that came twice has a list. */
export type WebhookParameters = Readonly<Record<string, string | readonly string[]>>

/**
 * Checks `X-Twilio-Signature` against the URL that Twilio called. The key is always the account's auth token.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export const makeSignatureCheck =
  (authToken: string, publicUrl: string) =>
  (signature: string | undefined, path: string, parameters: WebhookParameters): boolean => {
    if (signature === undefined) return false
    const url = publicUrl + path
    // The library accepts this one as well, but of a URL that names a port only after one without it.
    return (
      isSame(signature, getExpectedTwilioSignature(authToken, url, parameters)) ||
      validateRequest(authToken, signature, url, parameters)
    )
  }

/** Takes as long whether they differ early or late. */
function isSame(signature: string, expected: string): boolean {
  const [a, b] = [Buffer.from(signature), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** Signs a form as Twilio does, for Functions that accept only Twilio's calls. */
export const makeFormSigner =
  (authToken: string) =>
  (url: string, form: URLSearchParams): string => {
    const names = [...new Set(form.keys())]
    return getExpectedTwilioSignature(
      authToken,
      url,
      Object.fromEntries(names.map(name => [name, form.getAll(name)]))
    )
  }
