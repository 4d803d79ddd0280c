import { badParameter } from './refusal.ts'

/** Limits in bytes: https://www.twilio.com/docs/conversations-classic/conversations-limits */
const limits = { conversation: 16_384, participant: 4_096, message: 4_096 }

/** Attributes travel as text, but the text must be JSON of a bounded size. */
export function checkAttributes(owner: keyof typeof limits, text: string | undefined) {
  if (text === undefined) return undefined
  if (Buffer.byteLength(text) > limits[owner]) {
    throw badParameter(`Attributes of a ${owner} must not exceed ${limits[owner]} bytes`)
  }
  try {
    JSON.parse(text)
  } catch {
    throw badParameter('Attributes must be valid JSON')
  }
  return text
}
