import type { FilterImplOptions } from 'liquidjs'
import { toInteger, toNumber } from './values.ts'

/**
 * Arithmetic of https://shopify.github.io/liquid/filters/. Texts count as the number they begin
 * with, so a counter kept in a variable can be added to:
 * https://www.twilio.com/docs/studio/widget-library/set-variables
 */
export const numberFilters: Readonly<Record<string, FilterImplOptions>> = {
  abs: value => Math.abs(toNumber(value)),
  at_least: (value, least) => Math.max(toNumber(value), toNumber(least)),
  at_most: (value, most) => Math.min(toNumber(value), toNumber(most)),
  ceil: value => Math.ceil(toNumber(value)),
  floor: value => Math.floor(toNumber(value)),
  round: (value, digits) => round(toNumber(value), toInteger(digits)),
  plus: (value, other) => dropNoise(toNumber(value) + toNumber(other)),
  minus: (value, other) => dropNoise(toNumber(value) - toNumber(other)),
  times: (value, other) => dropNoise(toNumber(value) * toNumber(other)),
  divided_by(value, other) {
    const [divisor] = this.token.args
    const written = Array.isArray(divisor) || divisor === undefined ? '' : divisor.getText()
    const quotient = toNumber(value) / divisorOf(other)
    const whole = Number.isInteger(toNumber(value)) && Number.isInteger(toNumber(other))
    // Two integers divide to an integer, unless the author wrote the divisor as 2.0 to say
    // otherwise.
    return whole && !isDecimal(written) ? Math.floor(quotient) : dropNoise(quotient)
  },
  modulo(value, other) {
    const divisor = divisorOf(other)
    return dropNoise(((toNumber(value) % divisor) + divisor) % divisor)
  }
}

/** Drops the noise of binary fractions: 0.1 plus 0.2 is 0.3. */
export function dropNoise(number: number): number {
  return Number.isInteger(number) ? number : Number(number.toPrecision(15))
}

function divisorOf(value: unknown): number {
  const divisor = toNumber(value)
  if (divisor === 0) throw new Error('a number is divided by 0')
  return divisor
}

function isDecimal(written: string): boolean {
  return written.includes('.') && Number.isFinite(Number(written))
}

function round(number: number, digits: number): number {
  const places = Math.min(Math.max(digits, 0), 15)
  const factor = 10 ** places
  const scaled = number * factor
  return Number.isFinite(scaled) ? dropNoise(Math.round(scaled) / factor) : number
}
