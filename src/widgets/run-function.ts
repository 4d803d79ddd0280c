import { Type } from 'typebox'
import type { Answer } from '../engine/effect.ts'
import { defineWidget, go, Template } from './define.ts'
import { httpUrl } from './http-url.ts'
import { formFields, Parameter } from './parameters.ts'
import { responseOutput } from './response-output.ts'

/**
 * Calls a Twilio Function with its parameters as a form, signed as Twilio signs, so that protected Functions
 * accept it. https://www.twilio.com/docs/studio/widget-library/run-function
 */
export const runFunction = defineWidget({
  type: 'run-function',
  properties: Type.Object({ url: Template, parameters: Type.Optional(Type.Array(Parameter)) }),
  transitions: ['success', 'fail'],

  run(visit) {
    const url = visit.render(visit.properties.url).trim()
    if (!httpUrl(url)) {
      // https://www.twilio.com/docs/api/errors/81010
      visit.warn(81010, `The URL of the Function is none of http or https: ${url.slice(0, 200)}`)
      return go(visit, 'fail', {})
    }
    return {
      type: 'request',
      effect: {
        type: 'http-request',
        method: 'POST',
        url,
        contentType: 'application/x-www-form-urlencoded',
        body: new URLSearchParams(formFields(visit, visit.properties.parameters)).toString(),
        credentials: 'signature'
      },
      memory: null
    }
  },

  resume(visit, event) {
    const answer = (event as { answer: Answer<'http-request'> }).answer
    if (!answer.ok) {
      visit.warn(81010, `The Function could not be called: ${answer.failure.message}`)
      return go(visit, 'fail', {})
    }
    const { status, functionConcurrency } = answer.value
    const success = status >= 200 && status < 400
    // https://www.twilio.com/docs/api/errors/81017
    if (!success) visit.warn(81017, `The Function answered with status ${status}`)
    const headers =
      functionConcurrency === null ? {} : { 'x-twilio-function-concurrency': functionConcurrency }
    return go(visit, success ? 'success' : 'fail', {
      ...responseOutput(visit, answer.value),
      headers
    })
  }
})
