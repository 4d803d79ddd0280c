// The account that customers, Twilio and the systems have in common. SIDs are random, as real ones are: a
// store that packs what it keeps would otherwise look better than it is.
import { randomBytes } from 'node:crypto'

export const newSid = prefix => prefix + randomBytes(16).toString('hex')

export const accountSid = newSid('AC')
export const authToken = randomBytes(16).toString('hex')
export const serviceSid = newSid('IS')
export const messagingServiceSid = newSid('MG')
export const roleSid = newSid('RL')
export const business = '+15550002222'
