import type { OpenSocket, SocketEvents } from '@junto/client'
import type { Clock } from '@junto/protocol'
import type { Acceptor, Arrival, Refusal, Transport } from '@junto/server'
import { MemoryLink } from './memory-link.ts'
import type { MemorySocket } from './memory-link.ts'
import type { MemoryNetworkOptions } from './memory-pipe.ts'

/** Who connects. */
export interface MemoryPeerOptions {
  /** The page, as a browser would tell. Default: none. */
  readonly origin?: string | undefined
  /** Default: `127.0.0.1`. */
  readonly remoteAddress?: string | undefined
}

/**
 * A network in memory, for whole servers and clients in one process, in virtual time where its clock is virtual:
 *
 * ```ts
 * import { JuntoClient } from '@junto/client'
 * import { JuntoServer } from '@junto/server'
 * import { MemoryNetwork, VirtualClock } from '@junto/testing'
 *
 * const clock = new VirtualClock()
 * const network = new MemoryNetwork(clock)
 * const server = new JuntoServer({ transports: [network.transport()], clock })
 * const client = new JuntoClient({ url: network.url, socket: network.socket, clock })
 * ```
 */
export class MemoryNetwork {
  /** Where `transport()` listens unless it is told otherwise. */
  readonly url = 'ws://junto.test'
  /** Opens sockets into this network: the client's option `socket`. */
  readonly socket: OpenSocket = (url, subprotocol, events) => this.connect(url, events)
  readonly #clock: Clock
  readonly #options: Required<MemoryNetworkOptions>
  readonly #listeners = new Map<string, MemoryTransport>()
  readonly #links = new Set<MemoryLink>()

  constructor(clock: Clock, options: MemoryNetworkOptions = {}) {
    this.#clock = clock
    this.#options = { latency: 0, capacity: 65_536, closeTimeout: 2000, ...options }
  }

  /** The connections that are open, oldest first. */
  get links(): readonly MemoryLink[] {
    return [...this.#links]
  }

  /** Something for a server to listen on. */
  transport(url: string = this.url): Transport {
    return new MemoryTransport(url, this.#listeners)
  }

  /** Opens a socket, as the page or machine of `peer`. */
  connect(url: string, events: SocketEvents, peer: MemoryPeerOptions = {}): MemorySocket {
    const { origin, remoteAddress = '127.0.0.1' } = peer
    const link = new MemoryLink(this.#clock, this.#options, events, remoteAddress, origin)
    this.#clock.after(this.#options.latency, () => {
      const transport = this.#listeners.get(url)
      if (link.over) return
      if (!transport) return link.fail(`nobody listens at ${url}`)
      const host = /^\w+:\/\/([^/]*)/.exec(url)?.[1]
      const refusal = transport.admit({ remoteAddress, origin, host })
      if (refusal) return link.fail(`refused with ${refusal.status}: ${refusal.message}`)
      this.#links.add(link)
      link.onEnd(() => this.#links.delete(link))
      transport.take(link)
    })
    return link.client
  }
}

class MemoryTransport implements Transport {
  readonly #url: string
  readonly #listeners: Map<string, MemoryTransport>
  readonly #links = new Set<MemoryLink>()
  #acceptor: Acceptor | undefined
  #closed = false

  constructor(url: string, listeners: Map<string, MemoryTransport>) {
    this.#url = url
    this.#listeners = listeners
  }

  get url(): string | undefined {
    return this.#acceptor === undefined || this.#closed ? undefined : this.#url
  }

  async listen(acceptor: Acceptor): Promise<void> {
    if (this.#closed) throw new Error('This transport was closed: ask the network for another one')
    if (this.#listeners.has(this.#url)) {
      throw new Error(`Somebody listens at ${this.#url} already: choose another address`)
    }
    this.#listeners.set(this.#url, this)
    this.#acceptor = acceptor
  }

  async close(): Promise<void> {
    if (this.url !== undefined) this.#listeners.delete(this.#url)
    this.#closed = true
    await Promise.all([...this.#links].map((link) => link.end()))
  }

  admit(arrival: Arrival): Refusal | undefined {
    return this.#acceptor?.admit(arrival)
  }

  take(link: MemoryLink): void {
    if (this.#acceptor === undefined) return link.fail('nobody listens yet')
    this.#links.add(link)
    link.onEnd(() => this.#links.delete(link))
    link.establish(this.#acceptor)
  }
}
