import { type Static, Type } from 'typebox'
import type { Answer, HttpRequest } from '../engine/effect.ts'
import type { Visit } from '../engine/widget.ts'
import { defineWidget, Flag, go, isSet, Template } from './define.ts'
import { httpUrl } from './http-url.ts'
import { formFields, Parameter } from './parameters.ts'
import { responseOutput } from './response-output.ts'

const Properties = Type.Object({
  method: Type.String({ pattern: '^([Gg][Ee][Tt]|[Pp][Oo][Ss][Tt])$' }),
  url: Template,
  content_type: Type.Optional(Type.String()),
  body: Type.Optional(Template),
  parameters: Type.Optional(Type.Array(Parameter)),
  add_twilio_auth: Type.Optional(Flag)
})
type RequestVisit = Visit<Static<typeof Properties>>

/** https://www.twilio.com/docs/studio/widget-library/http-request */
export const makeHttpRequest = defineWidget({
  type: 'make-http-request',
  properties: Properties,
  transitions: ['success', 'failed'],

  run(visit) {
    const request = httpRequest(visit)
    if (!('fault' in request))
      return { type: 'request', effect: { type: 'http-request', ...request }, memory: null }
    // https://www.twilio.com/docs/api/errors/81014
    visit.warn(81014, request.fault)
    return go(visit, 'failed', {})
  },

  resume(visit, event) {
    const answer = (event as { answer: Answer<'http-request'> }).answer
    if (!answer.ok) {
      // https://www.twilio.com/docs/api/errors/81016
      visit.warn(81016, `The HTTP request failed: ${answer.failure.message}`)
      return go(visit, 'failed', {})
    }
    const { status } = answer.value
    const success = status >= 200 && status < 300
    if (!success) visit.warn(81016, `The HTTP request was answered with status ${status}`)
    return go(visit, success ? 'success' : 'failed', responseOutput(visit, answer.value))
  }
})

function httpRequest(visit: RequestVisit): HttpRequest | { readonly fault: string } {
  const { method, parameters = [], content_type, body, add_twilio_auth } = visit.properties
  const text = visit.render(visit.properties.url).trim()
  if (parameters.some(({ key }) => key === 'method')) {
    return { fault: 'A parameter cannot be called "method": that name is reserved' }
  }
  const url = httpUrl(text)
  if (!url) return { fault: `The URL is none of http or https: ${text.slice(0, 200)}` }
  const twilioAuth = isSet(add_twilio_auth)
  if (twilioAuth && !isTwilio(url)) {
    return {
      fault: `Twilio credentials are sent only to https://*.twilio.com, not to ${url.origin}`
    }
  }
  const fields = formFields(visit, parameters)
  const rendered = visit.render(body ?? '') || null
  const post = method.toUpperCase() === 'POST'
  // Parameters are a form's fields where there is a form to fill, and else belong to the URL.
  const asForm = post && rendered === null && !/json/i.test(content_type ?? '')
  // Put behind what is there, which stays as it is written: it may be signed.
  if (!asForm && fields.length > 0)
    url.search += `${url.search ? '&' : '?'}${new URLSearchParams(fields)}`
  return {
    method: post ? 'POST' : 'GET',
    url: url.href,
    contentType: post ? (content_type ?? 'application/x-www-form-urlencoded;charset=utf-8') : null,
    body: asForm ? new URLSearchParams(fields).toString() : post ? rendered : null,
    credentials: twilioAuth ? 'twilio' : 'none'
  }
}

const isTwilio = ({ protocol, hostname }: URL): boolean =>
  protocol === 'https:' && /(^|\.)twilio\.com$/.test(hostname)
