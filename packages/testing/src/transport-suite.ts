import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import type { Acceptor, Arrival, Connection, ConnectionEnding, Refusal, Transport } from '@junto/server'

/** One case of a contract suite. Give it to your test runner: `test(name, run)`. */
export interface SuiteCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/** The other end of a connection, opened without the transport's own code where that is possible. */
export interface TransportPeer {
  send(message: Uint8Array | string): void
  close(code: number, reason: string): void
  /** Vanishes without a word. */
  abort(): void
  /** Stops reading from the network. */
  pause(): void
  resume(): void
}

/** What a peer tells. */
export interface TransportPeerEvents {
  open(): void
  message(data: Uint8Array | string): void
  close(code: number, reason: string): void
}

/** A transport and a way to reach it. */
export interface TransportSubject {
  /** A fresh one that does not listen yet. Messages of 60,000 bytes must fit. */
  readonly transport: Transport
  /** Begins to connect to it once it listens. */
  connect(events: TransportPeerEvents, options: { readonly origin?: string | undefined }): TransportPeer
}

/**
 * The contract of a {@link Transport} as test cases, for any test runner:
 *
 * ```ts
 * import { transportSuite, type TransportSubject } from '@junto/testing'
 * import { test } from 'vitest'
 *
 * declare function makeSubject(): TransportSubject
 *
 * for (const { name, run } of transportSuite(makeSubject)) test(name, run)
 * ```
 */
export function transportSuite(make: () => TransportSubject | Promise<TransportSubject>): readonly SuiteCase[] {
  return cases.map(([name, check]) => ({
    name,
    run: async () => {
      const world = new World(await make())
      try {
        await world.subject.transport.listen(world)
        await check(world)
      } finally {
        for (const peer of world.peers) peer.socket.resume()
        await world.subject.transport.close()
      }
    },
  }))
}

const cases: readonly (readonly [string, (world: World) => Promise<void>])[] = [
  [
    'tells who arrives, and where to find it',
    async (world) => {
      await world.pair({ origin: 'https://game.example' })
      strictEqual(world.arrivals.length, 1)
      strictEqual(world.arrivals[0]?.origin, 'https://game.example')
      ok(world.arrivals[0]?.remoteAddress !== '')
      ok(world.subject.transport.url)
    },
  ],
  [
    'turns away whom it must not admit',
    async (world) => {
      world.refusal = { status: 403, reason: 'origin', message: 'Not from there.' }
      const peer = world.connect()
      const { code } = await peer.ending
      strictEqual(code, 1006)
      strictEqual(peer.opened, false)
      strictEqual(world.connections.length, 0)
    },
  ],
  [
    'carries messages whole and in order, both ways',
    async (world) => {
      const { peer, connection } = await world.pair()
      for (let n = 0; n < 100; n++) {
        peer.socket.send(bytes(n, n))
        connection.link.send(bytes(n, n))
      }
      peer.socket.send(bytes(60_000, 7))
      connection.link.send(bytes(60_000, 7))
      await world.until(() => peer.messages.length === 101 && connection.messages.length === 101)
      for (const { messages } of [peer, connection]) {
        for (let n = 0; n < 100; n++) sameBytes(messages[n], bytes(n, n))
        sameBytes(messages[100], bytes(60_000, 7))
      }
    },
  ],
  [
    'keeps connections apart',
    async (world) => {
      const one = await world.pair()
      const two = await world.pair()
      one.connection.link.send(bytes(3, 1))
      two.connection.link.send(bytes(3, 2))
      one.peer.socket.send(bytes(3, 3))
      two.peer.socket.send(bytes(3, 4))
      const all = [one.peer, two.peer, one.connection, two.connection]
      await world.until(() => all.every(({ messages }) => messages.length === 1))
      for (const [index, { messages }] of all.entries()) sameBytes(messages[0], bytes(3, index + 1))
    },
  ],
  [
    'leaves bytes that several connections share as they are',
    async (world) => {
      const one = await world.pair()
      const two = await world.pair()
      const shared = bytes(1000, 5)
      for (const { connection } of [one, two]) connection.link.send(shared)
      await world.until(() => [one, two].every(({ peer }) => peer.messages.length === 1))
      for (const { peer } of [one, two]) sameBytes(peer.messages[0], bytes(1000, 5))
      sameBytes(shared, bytes(1000, 5))
    },
  ],
  [
    'passes a text message on as a string',
    async (world) => {
      const { peer, connection } = await world.pair()
      peer.socket.send('hello ü')
      await world.until(() => connection.messages.length === 1)
      strictEqual(connection.messages[0], 'hello ü')
    },
  ],
  [
    'gets a ping answered by the peer’s transport, with a message behind it',
    async (world) => {
      const { peer, connection } = await world.pair()
      connection.link.ping(bytes(4, 9))
      connection.link.ping()
      await world.until(() => connection.pongs === 2 && peer.messages.length === 1)
      sameBytes(peer.messages[0], bytes(4, 9))
    },
  ],
  [
    'closes in order: what was sent arrives, then code and reason',
    async (world) => {
      const { peer, connection } = await world.pair()
      connection.link.send(bytes(60_000, 1))
      connection.link.send(bytes(10, 2))
      connection.link.close(4001, 'too late')
      deepStrictEqual(await peer.ending, { code: 4001, reason: 'too late' })
      strictEqual(peer.messages.length, 2)
      await connection.ending
    },
  ],
  [
    'tells its listener nothing after it closed, except the end',
    async (world) => {
      const { peer, connection } = await world.pair()
      peer.socket.send(bytes(1, 1))
      connection.link.close(4001, '')
      await connection.ending
      strictEqual(connection.messages.length, 0)
      strictEqual(connection.endings, 1)
    },
  ],
  [
    'hears the peer’s close',
    async (world) => {
      const { peer, connection } = await world.pair()
      peer.socket.send(bytes(5, 5))
      peer.socket.close(4100, 'gone fishing')
      deepStrictEqual(await connection.ending, { code: 4100, reason: 'gone fishing' })
      strictEqual(connection.messages.length, 1)
    },
  ],
  [
    'notices a peer that vanishes',
    async (world) => {
      const { peer, connection } = await world.pair()
      peer.socket.abort()
      strictEqual((await connection.ending).code, 1006)
    },
  ],
  [
    'terminates at once',
    async (world) => {
      const { peer, connection } = await world.pair()
      connection.link.terminate()
      strictEqual((await connection.ending).code, 1006)
      strictEqual((await peer.ending).code, 1006)
    },
  ],
  [
    'does nothing on a connection that is over',
    async (world) => {
      const { peer, connection } = await world.pair()
      peer.socket.abort()
      await connection.ending
      connection.link.send(bytes(1, 1))
      connection.link.ping(bytes(1, 1))
      connection.link.close(4000, '')
      connection.link.terminate()
      strictEqual(connection.endings, 1)
    },
  ],
  [
    'shows what waits for a peer that does not read, and says when it has left',
    async (world) => {
      const { peer, connection } = await world.pair()
      peer.socket.pause()
      let sent = 0
      // More than any operating system takes for a peer that does not read.
      while (sent < 1000 && connection.link.bufferedAmount < 1_000_000) {
        connection.link.send(bytes(60_000, sent++))
        await world.turn()
      }
      ok(connection.link.bufferedAmount >= 1_000_000)
      const before = connection.drains
      peer.socket.resume()
      await world.until(() => peer.messages.length === sent)
      await world.until(() => connection.drains > before)
      strictEqual(connection.link.bufferedAmount, 0)
      for (const [index, message] of peer.messages.entries()) sameBytes(message, bytes(60_000, index))
    },
  ],
  [
    'says when a small message has left that had to wait, each time that one had to',
    async (world) => {
      const { peer, connection } = await world.pair()
      let sent = 0
      for (let time = 1; time <= 3; time++) {
        peer.socket.pause()
        while (sent < 5000 * time && connection.link.bufferedAmount === 0) {
          connection.link.send(bytes(6_000, sent++))
          await world.turn()
        }
        ok(connection.link.bufferedAmount > 0, 'everything was taken')
        const before = connection.drains
        peer.socket.resume()
        await world.until(() => connection.drains > before && peer.messages.length === sent)
        strictEqual(connection.link.bufferedAmount, 0)
        // One that need not wait, as a rule.
        connection.link.send(bytes(10, sent++))
        await world.until(() => peer.messages.length === sent && connection.link.bufferedAmount === 0)
      }
    },
  ],
  [
    'leaves what the peer sends with the peer while it does not read, and then tells it whole and in order',
    async (world) => {
      const { peer, connection } = await world.pair()
      connection.link.pause()
      // More than any operating system takes for a reader that does not read.
      for (let n = 0; n < 300; n++) peer.socket.send(bytes(60_000, n))
      for (let n = 0; n < 50; n++) await world.turn()
      ok(connection.messages.length < 100, `${connection.messages.length} of 300 were told`)
      connection.link.resume()
      await world.until(() => connection.messages.length === 300)
      for (const [index, message] of connection.messages.entries()) sameBytes(message, bytes(60_000, index))
    },
  ],
  [
    'closes in order while it does not read',
    async (world) => {
      const { peer, connection } = await world.pair()
      connection.link.pause()
      connection.link.close(4001, 'enough')
      deepStrictEqual(await peer.ending, { code: 4001, reason: 'enough' })
      strictEqual((await connection.ending).code, 4001)
    },
  ],
  [
    'frees what waits when it terminates',
    async (world) => {
      const { peer, connection } = await world.pair()
      peer.socket.pause()
      for (let n = 0; n < 200; n++) connection.link.send(bytes(60_000, n))
      connection.link.terminate()
      await connection.ending
      strictEqual(connection.endings, 1)
    },
  ],
  [
    'closes: ends all, takes nobody any more',
    async (world) => {
      const one = await world.pair()
      const two = await world.pair()
      await Promise.all([world.subject.transport.close(), world.subject.transport.close()])
      strictEqual(one.connection.endings + two.connection.endings, 2)
      await Promise.all([one.peer.ending, two.peer.ending])
      strictEqual(world.subject.transport.url, undefined)
      const late = world.connect()
      await late.ending
      strictEqual(late.opened, false)
      strictEqual(world.connections.length, 2)
    },
  ],
]

/** `count` bytes that differ with `seed`. */
function bytes(count: number, seed: number): Uint8Array {
  const made = new Uint8Array(count)
  // A loop: `Uint8Array.from` with a function takes twenty times as long, and there are many megabytes.
  for (let index = 0; index < count; index++) made[index] = index * 31 + seed
  return made
}

function sameBytes(actual: Uint8Array | string | undefined, expected: Uint8Array): void {
  ok(actual instanceof Uint8Array)
  ok(Buffer.compare(actual, expected) === 0, `${actual.length} bytes differ from the ${expected.length} expected`)
}

/** The server's side of one case. */
class World implements Acceptor {
  readonly subject: TransportSubject
  readonly arrivals: Arrival[] = []
  readonly connections: ServerSide[] = []
  readonly peers: PeerSide[] = []
  refusal: Refusal | undefined
  #changed: (() => void)[] = []

  constructor(subject: TransportSubject) {
    this.subject = subject
  }

  admit(arrival: Arrival): Refusal | undefined {
    this.arrivals.push(arrival)
    return this.refusal
  }

  accept(link: Connection): ServerSide {
    const connection = new ServerSide(link, this.#notify)
    this.connections.push(connection)
    this.#notify()
    return connection
  }

  turnedAway(): void {}

  connect(options: { readonly origin?: string } = {}): PeerSide {
    const peer = new PeerSide(this.#notify)
    peer.socket = this.subject.connect(peer, options)
    this.peers.push(peer)
    return peer
  }

  /** A connection, seen from both ends. */
  async pair(options: { readonly origin?: string } = {}): Promise<{ peer: PeerSide; connection: ServerSide }> {
    const index = this.connections.length
    const peer = this.connect(options)
    await this.until(() => peer.opened && this.connections.length > index)
    const connection = this.connections[index]
    ok(connection)
    return { peer, connection }
  }

  /** Waits for something that shows in what either end was told. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#changed.push(resolve))
  }

  /** A turn of the event loop: the suite runs in real time, which it has no other business with. */
  turn(): Promise<void> {
    // oxlint-disable-next-line no-restricted-globals -- as said
    return new Promise((resolve) => setImmediate(resolve))
  }

  readonly #notify = () => {
    for (const resolve of this.#changed.splice(0)) resolve()
  }
}

class ServerSide {
  readonly link: Connection
  readonly messages: (Uint8Array | string)[] = []
  readonly ending: Promise<ConnectionEnding>
  pongs = 0
  drains = 0
  endings = 0
  readonly #notify: () => void
  #end: (ending: ConnectionEnding) => void = () => {}

  constructor(link: Connection, notify: () => void) {
    this.link = link
    this.#notify = notify
    this.ending = new Promise((resolve) => (this.#end = resolve))
  }

  message(message: Uint8Array | string): void {
    this.messages.push(message)
    this.#notify()
  }

  pong(): void {
    this.pongs++
    this.#notify()
  }

  pinged(): void {
    this.#notify()
  }

  drain(): void {
    this.drains++
    this.#notify()
  }

  failed(): void {
    this.#notify()
  }

  closed(ending: ConnectionEnding): void {
    this.endings++
    this.#end(ending)
    this.#notify()
  }
}

class PeerSide {
  readonly messages: (Uint8Array | string)[] = []
  readonly ending: Promise<{ code: number; reason: string }>
  opened = false
  socket!: TransportPeer
  readonly #notify: () => void
  #end: (ending: { code: number; reason: string }) => void = () => {}

  constructor(notify: () => void) {
    this.#notify = notify
    this.ending = new Promise((resolve) => (this.#end = resolve))
  }

  open(): void {
    this.opened = true
    this.#notify()
  }

  message(data: Uint8Array | string): void {
    this.messages.push(data)
    this.#notify()
  }

  close(code: number, reason: string): void {
    this.#end({ code, reason })
    this.#notify()
  }
}
