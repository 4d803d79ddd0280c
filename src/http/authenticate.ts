import { hash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Unauthorized } from './errors.ts'

/** Who may call the API: an account SID with its token, or an API key with its secret. */
export interface Credential {
  readonly user: string
  readonly secret: string
}

/**
 * A hook that lets in only callers with Basic credentials. Every one known is compared, in constant time, so
 * that the time of an answer tells nothing. https://www.twilio.com/docs/iam/api/authentication
 */
export function makeAuthenticate(credentials: readonly Credential[]) {
  const known = credentials.map(({ user, secret }) => digest(`${user}:${secret}`))
  return async ({ headers }: FastifyRequest): Promise<void> => {
    const [scheme = '', encoded = ''] = (headers.authorization ?? '').split(' ')
    const given = digest(Buffer.from(encoded, 'base64').toString())
    const matches = known.filter(credential => timingSafeEqual(credential, given)).length
    if (scheme.toLowerCase() !== 'basic' || matches === 0) {
      throw new Unauthorized(
        'Authenticate with the account SID and auth token, or with an API key and its secret'
      )
    }
  }
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer')
