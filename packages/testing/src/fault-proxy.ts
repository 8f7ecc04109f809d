import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Clock } from '@junto/protocol'
import { SystemClock } from '@junto/server'
import { SeededRandom } from './seeded-random.ts'

/** Where a {@link FaultProxy} leads, and what it does to what passes. */
export interface FaultProxyOptions {
  /** The port that it leads to. */
  readonly port: number
  /** The host. Default: `127.0.0.1`. */
  readonly host?: string
  /** Milliseconds that every piece takes longer, in each direction. Default: 0. */
  readonly latency?: number
  /** Up to so many milliseconds more, for each piece its own share; none overtakes another. Default: 0. */
  readonly jitter?: number
  /**
   * Bytes that are passed on at a time, each time as a write of its own; 1 is the worst there is. Default: as they come.
   */
  readonly slice?: number
  /** What the latency and the turns of slices go by. Default: real time. */
  readonly clock?: Clock
}

/** A direction: `up` from client to server. */
export type Direction = 'up' | 'down'

/**
 * A TCP proxy in this process that breaks connections on purpose, for tests over real sockets:
 *
 * ```ts
 * import { FaultProxy } from '@junto/testing'
 *
 * const proxy = await FaultProxy.listen({ port: 1727 })
 * proxy.onConnection = (connection) => connection.cutAfter('down', 200)
 * // new JuntoClient({ url: proxy.url })
 * await proxy.close()
 * ```
 */
export class FaultProxy implements AsyncDisposable {
  /** Told of each connection before a byte has passed. */
  onConnection: ((connection: ProxiedConnection) => void) | undefined
  readonly #options: Required<FaultProxyOptions>
  readonly #server: Server
  readonly #connections = new Set<ProxiedConnection>()
  #accepts = true

  private constructor(options: FaultProxyOptions) {
    this.#options = { host: '127.0.0.1', latency: 0, jitter: 0, slice: Infinity, clock: new SystemClock(), ...options }
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#take(client))
  }

  /**
   * Begins to listen, on a free port of this machine.
   *
   * @throws Error when the machine has none.
   */
  static async listen(options: FaultProxyOptions): Promise<FaultProxy> {
    const proxy = new FaultProxy(options)
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject)
      proxy.#server.listen(0, '127.0.0.1', resolve)
    })
    return proxy
  }

  /** Its own port. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  /** `ws://127.0.0.1:PORT` */
  get url(): string {
    return `ws://127.0.0.1:${this.port}`
  }

  /** The connections that are open, oldest first. */
  get connections(): readonly ProxiedConnection[] {
    return [...this.#connections]
  }

  /** Resets every new connection at once, until {@link accept}. */
  refuse(): void {
    this.#accepts = false
  }

  /** Ends {@link refuse}. */
  accept(): void {
    this.#accepts = true
  }

  /** Breaks all connections, and listens no more. Resolves when the port is free. */
  close(): Promise<void> {
    for (const connection of this.connections) connection.reset()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #take(client: Socket): void {
    if (!this.#accepts) {
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    const { host, port } = this.#options
    const server = connect({ host, port, noDelay: true, allowHalfOpen: true })
    const connection: ProxiedConnection = new ProxiedConnection(client, server, this.#options, () =>
      this.#connections.delete(connection),
    )
    this.#connections.add(connection)
    this.onConnection?.(connection)
  }
}

/** One connection through a {@link FaultProxy}. */
export class ProxiedConnection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #up: Pump
  readonly #down: Pump
  readonly #gone: () => void
  #open = 2

  /** @internal */
  constructor(client: Socket, server: Socket, options: Required<FaultProxyOptions>, gone: () => void) {
    this.#client = client
    this.#server = server
    this.#gone = gone
    this.#up = new Pump(client, server, options)
    this.#down = new Pump(server, client, options)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      // Its `close` follows, and says it all.
      socket.on('error', () => {})
      socket.on('close', (failed) => {
        this.#closed()
        if (failed) other.resetAndDestroy()
      })
    }
  }

  /** Bytes that have passed in a direction. */
  passed(direction: Direction): number {
    return this.#pump(direction).passed
  }

  /** Ends the connection at both ends, in order: what has passed still arrives. */
  cut(): void {
    this.#stopPumps()
    for (const socket of [this.#client, this.#server]) {
      socket.end()
      // What it still says is read: closing on unread bytes would be a reset.
      socket.resume()
    }
  }

  /** Breaks the connection at both ends, as a machine does that knows nothing of it (`ECONNRESET`). */
  reset(): void {
    this.#stopPumps()
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  /**
   * Cuts the connection as soon as so many more bytes have passed in a direction: those arrive, and nothing behind them.
   *
   * @param how `cut` in order, or `reset`: then what has passed may be lost as well. Default: `cut`.
   */
  cutAfter(direction: Direction, bytes: number, how: 'cut' | 'reset' = 'cut'): void {
    this.#pump(direction).stopAfter(bytes, () => this[how]())
  }

  /** Nothing passes any more, and nobody is told, until {@link flow}. Default: in both directions. */
  stall(...directions: readonly Direction[]): void {
    for (const direction of given(directions)) this.#pump(direction).stall()
  }

  /** Ends a {@link stall}: what it held up passes, in order. Default: in both directions. */
  flow(...directions: readonly Direction[]): void {
    for (const direction of given(directions)) this.#pump(direction).flow()
  }

  /** Breaks the connection so that one end does not notice: `believer` sends into the void. The other one is reset. */
  halfOpen(believer: 'client' | 'server'): void {
    this.#stopPumps()
    const [deaf, told] = believer === 'client' ? [this.#client, this.#server] : [this.#server, this.#client]
    // It is read and forgotten, so that the believer's machine sees no full buffers either.
    deaf.removeAllListeners('data')
    deaf.removeAllListeners('end')
    deaf.on('data', () => {})
    deaf.resume()
    told.removeAllListeners('close')
    told.on('close', () => this.#closed())
    told.resetAndDestroy()
  }

  #pump(direction: Direction): Pump {
    return direction === 'up' ? this.#up : this.#down
  }

  #stopPumps(): void {
    this.#up.stop()
    this.#down.stop()
  }

  #closed(): void {
    if (--this.#open === 0) this.#gone()
  }
}

/** One direction of a connection. */
class Pump {
  readonly #from: Socket
  readonly #to: Socket
  readonly #options: Required<FaultProxyOptions>
  readonly #random = new SeededRandom(1)
  readonly #delayed: (() => void)[] = []
  /** When the last piece is due, by the clock. */
  #due = 0
  /** What has come and did not pass yet. */
  #waiting: Buffer[] = []
  /** The sender has ended, behind what waits. */
  #ended = false
  #passed = 0
  #state: 'flowing' | 'stalled' | 'stopped' = 'flowing'
  #limit = Infinity
  #reached: () => void = () => {}
  /** A slice is being written. */
  #busy = false
  /** The far end takes no more for now. */
  #full = false

  constructor(from: Socket, to: Socket, options: Required<FaultProxyOptions>) {
    this.#from = from
    this.#to = to
    this.#options = options
    from.on('data', (piece) => this.#later(() => this.#waiting.push(piece)))
    from.on('end', () => this.#later(() => (this.#ended = true)))
  }

  get passed(): number {
    return this.#passed
  }

  stall(): void {
    if (this.#state !== 'flowing') return
    this.#state = 'stalled'
    this.#from.pause()
  }

  flow(): void {
    if (this.#state !== 'stalled') return
    this.#state = 'flowing'
    this.#from.resume()
    this.#pass()
  }

  /** Nothing passes any more, ever. */
  stop(): void {
    this.#state = 'stopped'
    this.#waiting = []
  }

  stopAfter(bytes: number, reached: () => void): void {
    this.#limit = this.#passed + bytes
    this.#reached = reached
    this.#pass()
  }

  /** Behind the latency, and behind all that came before. */
  #later(fn: () => void): void {
    const { latency, jitter, clock } = this.#options
    const run = (): void => {
      if (this.#state === 'stopped') return
      fn()
      this.#pass()
    }
    if (latency === 0 && jitter === 0) return run()
    const now = clock.now()
    this.#due = Math.max(this.#due, now + latency + this.#random.number() * jitter)
    // Timers go off by whole milliseconds, so that a later one can be the earlier one: each lets the next piece pass, not its own.
    this.#delayed.push(run)
    clock.after(this.#due - now, () => this.#delayed.shift()?.())
  }

  #pass(): void {
    while (this.#state === 'flowing' && !this.#busy) {
      if (this.#passed >= this.#limit) {
        this.stop()
        this.#reached()
        return
      }
      const [piece] = this.#waiting
      if (piece === undefined) break
      const count = Math.min(piece.length, this.#options.slice, this.#limit - this.#passed)
      if (count === piece.length) this.#waiting.shift()
      else this.#waiting[0] = piece.subarray(count)
      this.#passed += count
      this.#write(piece.subarray(0, count))
    }
    if (this.#ended && this.#waiting.length === 0 && this.#state === 'flowing' && !this.#busy) {
      this.#state = 'stopped'
      this.#to.end()
    }
  }

  /** Slices wait for one another, each for a turn, so that each is read by itself; whole pieces wait where the far end is full. */
  #write(bytes: Buffer): void {
    const sliced = this.#options.slice < Infinity
    const written = this.#to.write(bytes, () => {
      if (sliced) this.#options.clock.atEndOfTurn(() => this.#written())
    })
    if (sliced) this.#busy = true
    else if (!written && !this.#full) {
      this.#full = true
      this.#from.pause()
      this.#to.once('drain', () => {
        this.#full = false
        if (this.#state === 'flowing') this.#from.resume()
      })
    }
  }

  #written(): void {
    this.#busy = false
    this.#pass()
  }
}

function given(directions: readonly Direction[]): readonly Direction[] {
  return directions.length === 0 ? ['up', 'down'] : directions
}
