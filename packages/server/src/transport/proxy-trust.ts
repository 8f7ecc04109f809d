import { BlockList, isIP } from 'node:net'
import { JuntoError } from '@junto/protocol'

/**
 * Whose word about addresses is taken: how many proxies stand before the server, or which: `1`, or
 * `['10.0.0.0/8', '2001:db8::1']`.
 */
export type TrustProxy = number | readonly string[]

/** Tells the address of the client from those of the proxies before it. */
export class ProxyTrust {
  readonly #hops: number
  readonly #trusted: BlockList | undefined

  /** @throws JuntoError `misuse` for what is neither a number of proxies nor a list of addresses. */
  constructor(trust: TrustProxy) {
    if (typeof trust === 'number') {
      if (!Number.isInteger(trust) || trust < 0) {
        throw new JuntoError('misuse', `trustProxy is a number of proxies, or a list of their addresses, not ${trust}`)
      }
      this.#hops = trust
      return
    }
    this.#hops = Infinity
    this.#trusted = new BlockList()
    for (const address of trust) addTo(this.#trusted, address)
  }

  /** Whether any proxy is trusted. */
  get any(): boolean {
    return this.#hops > 0 && (this.#trusted === undefined || this.#trusted.rules.length > 0)
  }

  /**
   * The address of the client.
   *
   * @param peer The address that the socket is connected to.
   * @param forwarded What the header `X-Forwarded-For` says: each proxy has added the address that it was connected to.
   */
  clientOf(peer: string, forwarded: string | undefined): string {
    const chain = (forwarded ?? '').split(',').map((entry) => addressIn(entry.trim()))
    let client = peer
    for (let hop = 0; hop < this.#hops && this.trusts(client); hop++) {
      const before = chain.pop()
      // Nothing further was said, or no address: what is known is that it came from here.
      if (before === undefined) break
      client = before
    }
    return client
  }

  /** Whether the word of somebody at this address is taken, who is connected to this server. */
  trusts(address: string): boolean {
    return this.#trusted?.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4') ?? this.#hops > 0
  }
}

function addTo(list: BlockList, text: string): void {
  const [, address = '', prefix] = /^([^/]*)(?:\/(\d+))?$/.exec(text) ?? []
  const version = isIP(address)
  const bits = prefix === undefined ? undefined : Number(prefix)
  if (version === 0 || (bits ?? 0) > (version === 6 ? 128 : 32)) {
    throw new JuntoError(
      'misuse',
      `'${text}' in the server's trustProxy is no address: give '10.0.0.1', '10.0.0.0/8', or the number of proxies`,
    )
  }
  const family = version === 6 ? 'ipv6' : 'ipv4'
  if (bits === undefined) list.addAddress(address, family)
  else list.addSubnet(address, bits, family)
}

/** The address in an entry, which may have a port behind it; undefined when there is none. */
function addressIn(entry: string): string | undefined {
  const match = /^\[([^\]]+)\](?::\d+)?$/.exec(entry) ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(entry)
  const address = match?.[1] ?? entry
  return isIP(address) === 0 ? undefined : plainAddress(address)
}

/** IPv4 clients of a socket that listens on IPv6 as well have addresses such as `::ffff:10.0.0.1`. */
export function plainAddress(address = ''): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}
