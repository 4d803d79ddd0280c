import { BadRequest } from '../runtime/errors.ts'

const contactBytes = 300

/** https://www.twilio.com/docs/api/errors/81023 */
export function checkContact(to: string, from: string): void {
  if (Buffer.byteLength(to) + Buffer.byteLength(from) <= contactBytes) return
  throw new BadRequest(`To and From together are longer than ${contactBytes} bytes`, 81023)
}
