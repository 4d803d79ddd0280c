import type { FastifyRequest } from 'fastify'

/** Whole seconds in UTC, as Studio writes dates. */
export const isoDate = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`

/** Where the caller reached us: the SDK follows the links of an answer as they are given. */
export const originOf = (request: FastifyRequest): string => `${request.protocol}://${request.host}`

export const urlOf = (request: FastifyRequest): URL => new URL(request.url, originOf(request))
