import type { OpenSocket, SocketEvents } from '@junto/client'
import type { Clock } from '@junto/protocol'
import type { Acceptor, Arrival, Refusal, Transport } from '@junto/server'
import { MemoryLink } from './memory-link.ts'
import type { MemorySocket } from './memory-link.ts'
import type { MemoryNetworkOptions } from './memory-pipe.ts'
import { SeededRandom } from './seeded-random.ts'

/**
 * What becomes of somebody who wants to connect.
 *
 * - `open`: the connection is made.
 * - `refused`: the attempt fails after the latency, as without a network, or where nobody listens.
 * - `silent`: nothing comes back, ever, as from a machine that is gone.
 */
export type Reach = 'open' | 'refused' | 'silent'

/** Who connects. */
export interface MemoryPeerOptions {
  /** The page, as a browser would tell. Default: none. */
  readonly origin?: string | undefined
  /** Default: `127.0.0.1`. */
  readonly remoteAddress?: string | undefined
  /** What becomes of this attempt. Default: what the network's own `reach` says. */
  readonly reach?: Reach | undefined
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
 *
 * What it is like is said for all connections by its options, and for one of them by its {@link MemoryLink}, from the first byte on
 * with {@link onConnection}.
 */
export class MemoryNetwork {
  /** Where `transport()` listens unless it is told otherwise. */
  readonly url = 'ws://junto.test'
  /** Opens sockets into this network: the client's option `socket`. */
  readonly socket: OpenSocket = (url, subprotocol, events) => this.connect(url, events)
  /** What becomes of attempts to connect. Default: `open`. */
  reach: Reach = 'open'
  readonly #clock: Clock
  readonly #options: Required<MemoryNetworkOptions>
  readonly #listeners = new Map<string, MemoryTransport>()
  readonly #links = new Set<MemoryLink>()
  readonly #watchers = new Set<(link: MemoryLink) => void>()

  constructor(clock: Clock, options: MemoryNetworkOptions = {}) {
    this.#clock = clock
    this.#options = {
      latency: 0,
      jitter: 0,
      rate: Infinity,
      slice: Infinity,
      capacity: 65_536,
      closeTimeout: 2000,
      random: options.random ?? new SeededRandom(1),
      ...options,
    }
  }

  /** The connections that are open, oldest first. */
  get links(): readonly MemoryLink[] {
    return [...this.#links]
  }

  /**
   * Tells of each connection before anything has passed on it: the place to cut handshakes.
   *
   * @returns a function that ends it.
   */
  onConnection(listener: (link: MemoryLink) => void): () => void {
    this.#watchers.add(listener)
    return () => this.#watchers.delete(listener)
  }

  /** Something for a server to listen on. */
  transport(url: string = this.url): MemoryTransport {
    return new MemoryTransport(url, this.#listeners)
  }

  /** Opens a socket, as the page or machine of `peer`. */
  connect(url: string, events: SocketEvents, peer: MemoryPeerOptions = {}): MemorySocket {
    const { origin, remoteAddress = '127.0.0.1', reach = this.reach } = peer
    const link = new MemoryLink(this.#clock, this.#options, events, remoteAddress, origin)
    if (reach === 'silent') return link.client
    this.#clock.after(this.#options.latency, () => {
      if (link.abandoned) return
      if (reach === 'refused') return link.fail('the network is unreachable')
      const transport = this.#listeners.get(url)
      if (!transport) return link.fail(`nobody listens at ${url}`)
      const host = /^\w+:\/\/([^/]*)/.exec(url)?.[1]
      const refusal = transport.admit({ remoteAddress, origin, host })
      if (refusal) return link.fail(`refused with ${refusal.status}: ${refusal.message}`)
      this.#links.add(link)
      link.onEnd(() => this.#links.delete(link))
      for (const watcher of this.#watchers) watcher(link)
      transport.take(link)
    })
    return link.client
  }
}

/** A server's place in a memory network. */
export class MemoryTransport implements Transport {
  readonly #url: string
  readonly #listeners: Map<string, MemoryTransport>
  readonly #links = new Set<MemoryLink>()
  #acceptor: Acceptor | undefined
  #closed = false

  /** @internal */
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
    this.#leave()
    await Promise.all([...this.#links].map((link) => link.end()))
  }

  /**
   * Its process dies: its clients see 1006, and it is told nothing any more. Whoever uses this halts whatever else the process did.
   */
  kill(): void {
    this.#leave()
    for (const link of this.#links) link.orphan('server')
  }

  #leave(): void {
    if (this.url !== undefined) this.#listeners.delete(this.#url)
    this.#closed = true
  }

  /** @internal */
  admit(arrival: Arrival): Refusal | undefined {
    return this.#acceptor?.admit(arrival)
  }

  /** @internal */
  take(link: MemoryLink): void {
    if (this.#acceptor === undefined) return link.fail('nobody listens yet')
    this.#links.add(link)
    link.onEnd(() => this.#links.delete(link))
    link.establish(this.#acceptor)
  }
}
