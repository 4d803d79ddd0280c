// A number pair (address and proxy address) belongs to one open conversation at a time.
// https://www.twilio.com/docs/conversations-classic/inbound-autocreation

import type { Account } from './account.ts'
import type { Conversation } from './model.ts'

type Binding = { readonly address: string | null; readonly proxyAddress: string | null }

export function holderOf(account: Account, binding: Binding): Conversation | undefined {
  const key = keyOf(binding)
  return key === null ? undefined : account.pairs.get(key)
}

export function holdPair(account: Account, conversation: Conversation, binding: Binding) {
  const key = keyOf(binding)
  if (key !== null) account.pairs.set(key, conversation)
}

export function releasePair(account: Account, binding: Binding) {
  const key = keyOf(binding)
  if (key !== null) account.pairs.delete(key)
}

const keyOf = ({ address, proxyAddress }: Binding) =>
  address === null || proxyAddress === null ? null : `${address} ${proxyAddress}`
