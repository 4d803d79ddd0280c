import type { Conversation, Delivery, Service } from './model.ts'
import { refuse } from './refusal.ts'

/** One Twilio account: its data, its clock, and the way out for its webhook calls. */
export type Account = {
  readonly sid: string
  readonly now: () => number
  readonly newSid: (prefix: string) => string
  readonly deliver: (delivery: Delivery) => void
  readonly defaults: {
    readonly messagingServiceSid: string
    readonly roleSid: string
    readonly workspaceSid: string
  }
  readonly defaultService: Service
  readonly services: Map<string, Service>
  readonly conversations: Map<string, Conversation>
  /** Which open conversation holds a pair of address and proxy address. */
  readonly pairs: Map<string, Conversation>
}

export function createAccount(
  sid: string,
  now: () => number,
  deliver: (delivery: Delivery) => void
): Account {
  // Made from the account's own SID, so that the default service stays the same over restarts.
  const own = (prefix: string) => prefix + sid.slice(2)
  const defaultService = createService(own('IS'), 'Default Conversations Service', now())
  return {
    sid,
    now,
    newSid: sidMaker(now()),
    deliver,
    defaults: {
      messagingServiceSid: own('MG'),
      roleSid: own('RL'),
      workspaceSid: own('WS')
    },
    defaultService,
    services: new Map([[defaultService.sid, defaultService]]),
    conversations: new Map(),
    pairs: new Map()
  }
}

/**
 * SIDs count upwards, behind the time of the start: predictable under a fixed clock, and never
 * given out twice to a client that remembers the conversations of an earlier run.
 */
function sidMaker(start: number): (prefix: string) => string {
  const head = Math.floor(start).toString(16).padStart(12, '0')
  let count = 0
  return prefix => {
    count += 1
    return prefix + head + count.toString(16).padStart(20, '0')
  }
}

export function createService(sid: string, friendlyName: string, now: number): Service {
  const service = { sid, friendlyName, dateCreated: now }
  return { ...service, conversations: new Map(), uniqueNames: new Map() }
}

export function addService(account: Account, sid: string, friendlyName: string): Service {
  const service = createService(sid, friendlyName, account.now())
  account.services.set(sid, service)
  return service
}

export function findService(account: Account, sid: string): Service {
  const service = account.services.get(sid)
  if (!service) throw refuse(50050, `Service instance ${sid} not found`)
  return service
}

/** Forgets everything but the default service. SIDs go on counting. */
export function clearAccount(account: Account) {
  account.services.clear()
  account.services.set(account.defaultService.sid, account.defaultService)
  account.defaultService.conversations.clear()
  account.defaultService.uniqueNames.clear()
  account.conversations.clear()
  account.pairs.clear()
}
