import type { FastifyInstance, FastifyRequest } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the caller reached us, as in `https://reprise.example.com`. */
    origin: string
  }
}

/**
 * Makes `request.origin` for the links of an answer, which the SDK follows as they are given, credentials
 * and all. Behind a proxy that ends TLS, only PUBLIC_URL knows that callers come by https.
 */
export function installOrigin(app: FastifyInstance, publicUrl: string): void {
  const { host, origin } = new URL(publicUrl)
  app.decorateRequest('origin', '')
  app.addHook('onRequest', async request => {
    request.origin = request.host === host ? origin : `${request.protocol}://${request.host}`
  })
}

export const urlOf = ({ url, origin }: FastifyRequest): URL => new URL(url, origin)

/** Whole seconds in UTC, as Studio writes dates. */
export const isoDate = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`
