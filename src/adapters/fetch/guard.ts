import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns'
import { BlockList, isIP } from 'node:net'

/**
 * Addresses that mean something only inside a network, by IANA's special-purpose registries, and those that
 * carry an IPv4 address inside. One that is mapped (`::ffff:127.0.0.1`) is judged as what it is.
 */
const internal = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4]
] as const) {
  internal.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 96],
  ['::ffff:0:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8]
] as const) {
  internal.addSubnet(network, prefix, 'ipv6')
}

/** A flow asked for an address that the operator has not opened to it. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

/** Node's own, or one that answers the same. */
export type Lookup = (
  name: string,
  options: LookupOptions & { all: true },
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void
) => void

export interface Guard {
  /** Throws `AddressRefused` for an address written out in a URL; names are judged when they are looked up. */
  check(host: string): void
  /** Looks a name up and hands on only what may be reached: what is connected to is what was judged. */
  lookup(
    name: string,
    options: LookupOptions,
    done: (error: Error | null, addresses: LookupAddress[] | string, family?: number) => void
  ): void
}

/** Keeps flows away from internal addresses, the metadata services of clouds among them. `allowed` are hosts by name or address. */
export function makeGuard(allowed: ReadonlySet<string>, lookup: Lookup = dnsLookup): Guard {
  const hosts = [...allowed].map(bare)
  const names = new Set(hosts.filter(host => isIP(host) === 0))
  const addresses = new BlockList()
  for (const host of hosts) if (isIP(host) !== 0) addresses.addAddress(host, familyOf(host))

  const isOpen = (address: string): boolean =>
    !internal.check(address, familyOf(address)) || addresses.check(address, familyOf(address))

  const refused = (host: string, address: string) =>
    new AddressRefused(
      `${host} is an internal address${host === address ? '' : ` (${address})`}; flows may reach it only if ALLOWED_INTERNAL_HOSTS names it`
    )

  return {
    check(host) {
      const address = bare(host)
      if (isIP(address) !== 0 && !isOpen(address)) throw refused(address, address)
    },

    lookup(name, options, done) {
      lookup(name, { ...options, all: true }, (error, found) => {
        if (error) return done(error, [])
        const open = names.has(bare(name)) ? found : found.filter(({ address }) => isOpen(address))
        const [first] = open
        if (!first) return done(refused(name, found[0]?.address ?? 'no address'), [])
        return options.all ? done(null, open) : done(null, first.address, first.family)
      })
    }
  }
}

/** Without the brackets that an IPv6 address has in a URL. */
const bare = (host: string): string => host.replace(/^\[|\]$/g, '').toLowerCase()

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
