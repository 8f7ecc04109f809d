import type { IncomingMessage, ServerResponse } from 'node:http'
import { Clock, JuntoError, RandomSource, serverLimits } from '@junto/protocol'
import type { Limits } from '@junto/protocol'
import type { AnyContract } from '@junto/schema'
import { ServerLimits } from './config.ts'
import type { Services } from './container.ts'
import { checkDrain, defaultGrace, drain, type DrainOptions } from './drain.ts'
import { Endpoints, type Readiness } from './http/endpoints.ts'
import type { HttpPaths } from './http/http-paths.ts'
import { HeapGuard } from './limits/heap-guard.ts'
import { Quotas } from './limits/quotas.ts'
import { GuardedMetrics } from './observe/guarded-metrics.ts'
import { Logger } from './observe/log.ts'
import { LoopDelay } from './observe/loop-delay.ts'
import type { Metrics } from './observe/metrics.ts'
import { Watchdog } from './observe/watchdog.ts'
import type { DefineArguments } from './room/define-options.ts'
import type { RoomDirectory } from './room/room-directory.ts'
import { RoomRegistry } from './room/registry.ts'
import type { RoomClass } from './room/room.ts'
import { checkOptionNames } from './option-names.ts'
import { optionNames, type JuntoServerOptions } from './server-options.ts'
import { serverServices } from './server-services.ts'
import { Heartbeat } from './session/heartbeat.ts'
import { Sessions } from './session/sessions.ts'
import { TurnEnd } from './sync/turn-end.ts'
import { Admission } from './transport/admission.ts'
import type { Transport } from './transport/transport.ts'
import { WsTransport } from './transport/ws-transport.ts'

/** The port that servers and clients agree on where nothing else is said. */
export const defaultPort = 1727

type State = 'new' | 'listening' | 'closing' | 'closed'

/**
 * A server of rooms:
 *
 * ```ts
 * import { JuntoServer, type RoomClass } from '@junto/server'
 * import { Poll } from './contract.ts'
 *
 * declare const PollRoom: RoomClass<typeof Poll> // class PollRoom extends Room(Poll) { … }
 *
 * const server = new JuntoServer({ port: 1727 })
 * server.define(Poll, PollRoom, { maxMembers: 50, persist: true })
 * await server.listen()
 * ```
 */
export class JuntoServer {
  /** The services that rooms are given, and the server's own. */
  readonly services: Services
  /** What the server counts. */
  readonly metrics: Metrics
  readonly #transports: readonly Transport[]
  readonly #rooms: RoomRegistry
  readonly #admission: Admission
  readonly #sessions: Sessions
  readonly #logger: Logger
  readonly #metrics: GuardedMetrics
  readonly #heap: HeapGuard
  readonly #endpoints: Endpoints
  readonly #loopDelay: LoopDelay
  /** The metrics are not to ask any more. */
  readonly #endReports: () => void
  #state: State = 'new'
  #closing: Promise<void> | undefined

  /** @throws JuntoError `misuse` saying which option cannot be, and what a service throws that is made here. */
  constructor(options: JuntoServerOptions = {}) {
    checkOptionNames(options, optionNames, 'new JuntoServer()')
    const limits = serverLimits(options.limits)
    this.services = serverServices(options, limits)
    const { services } = this
    const clock = services.resolve(Clock)
    this.#metrics = services.resolve(GuardedMetrics)
    this.metrics = this.#metrics.given
    this.#logger = services.resolve(Logger)
    this.#heap = services.resolve(HeapGuard)
    this.#loopDelay = services.resolve(LoopDelay)
    this.#endpoints = new Endpoints({
      paths: options.http,
      metrics: this.#metrics,
      logger: this.#logger,
      readiness: () => this.readiness,
    })
    this.#transports = transportsOf(options, limits, this.#logger, this.#endpoints)
    this.#rooms = new RoomRegistry(services)
    this.#endReports = this.#metrics.beforeReading(() => this.#report())
    this.#admission = new Admission({
      origins: options.origins ?? [],
      allowLocal: options.localOrigins ?? process.env['NODE_ENV'] !== 'production',
      limits,
      logger: this.#logger,
      clock,
    })
    this.#sessions = new Sessions(
      {
        clock,
        limits,
        logger: this.#logger,
        metrics: this.#metrics,
        turnEnd: services.resolve(TurnEnd),
        rooms: this.#rooms,
        heartbeat: new Heartbeat(clock, services.resolve(RandomSource), limits),
        random: services.resolve(RandomSource),
        watchdog: services.resolve(Watchdog),
        quotas: services.resolve(Quotas),
      },
      this.#admission,
    )
  }

  /** Its rooms, for the program around it: `await server.rooms.open(PollRoom, 'lunch')`. */
  get rooms(): RoomDirectory {
    return this.#rooms.directory
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sessions.size
  }

  /**
   * Whether new clients should be sent here: it listens, does not close, and has memory left. For the readiness probe of a
   * load balancer; what is connected goes on in any case.
   */
  get ready(): boolean {
    return this.readiness === 'ready'
  }

  /** {@link ready}, with the reason why not. */
  get readiness(): Readiness {
    switch (this.#state) {
      case 'new':
        return 'starting'
      case 'listening':
        return this.#heap.overloaded ? 'overloaded' : 'ready'
      case 'closing':
        return 'draining'
      case 'closed':
        return 'closed'
    }
  }

  /**
   * Answers a plain HTTP request for health, readiness or metrics: for programs with an HTTP server of their own. On a port of Junto's own
   * that happens by itself.
   *
   * ```ts
   * import { createServer } from 'node:http'
   * import { JuntoServer } from '@junto/server'
   *
   * const http = createServer((request, response) => {
   *   if (!junto.handleHttp(request, response)) response.end('the page')
   * })
   * const junto = new JuntoServer({ server: http })
   * ```
   *
   * @param paths Instead of those of the option `http`: `{ metrics: '/metrics' }` for a second port that only your network reaches.
   * @returns whether it was such a request. If not, nothing was done: it is yours.
   */
  handleHttp(request: IncomingMessage, response: ServerResponse, paths?: HttpPaths): boolean {
    return this.#endpoints.handle(request, response, paths)
  }

  /** Where clients find it, while it listens: `ws://localhost:1727`. */
  get url(): string | undefined {
    return this.#transports.find(({ url }) => url !== undefined)?.url
  }

  /** Host and port of {@link url}, while it listens on a port. */
  get address(): { readonly host: string; readonly port: number } | undefined {
    if (this.url === undefined) return undefined
    const { hostname, port, protocol } = new URL(this.url)
    return { host: hostname, port: port === '' ? (protocol === 'wss:' ? 443 : 80) : Number(port) }
  }

  /**
   * Makes rooms of a contract available.
   *
   * @param options Required where the contract declares a `user`: then `authenticate` must say who comes.
   * @throws an error that says what about contract, class or options cannot work.
   */
  define<T extends AnyContract>(contract: T, room: RoomClass<NoInfer<T>>, ...[options]: DefineArguments<T>): this {
    this.#rooms.define(contract, room, options)
    return this
  }

  /**
   * Begins to take connections.
   *
   * @throws JuntoError `misuse` saying what stands in the way, such as a port in use, and how to clear it.
   */
  async listen(): Promise<void> {
    if (this.#state !== 'new') {
      const reason = this.#state === 'listening' ? 'is listening already' : 'was closed, for good: make a new one'
      throw new JuntoError('misuse', `This server ${reason}.`)
    }
    this.#state = 'listening'
    this.#loopDelay.start()
    try {
      for (const transport of this.#transports) await transport.listen(this.#sessions)
    } catch (error) {
      await this.close()
      throw error
    }
    if (this.url !== undefined) this.#logger.info(`Listening on ${this.url}`)
  }

  /**
   * Stops: takes nobody any more, and nothing new from who is there; lets handlers finish; saves the rooms with the seats of their members;
   * tells clients to come back to the next server, a batch at a time; closes the connections and disposes of services.
   *
   * Settles when that is done, at the latest after the grace. Called again, or behind {@link close}, it waits for the stop under way.
   *
   * @throws JuntoError `timeout` that names the rooms which were not done by then; what failed first; `misuse` for a grace that is none.
   */
  async drain(options: DrainOptions = {}): Promise<void> {
    checkDrain(options)
    this.#closing ??= this.#drain(options)
    await this.#closing
  }

  /**
   * Stops like {@link drain}, and waits for as long as stores and hooks take by their own limits. For tests, and for programs that bound it
   * themselves.
   *
   * @throws what failed first; the rest was done all the same.
   */
  close(): Promise<void> {
    return this.drain({ grace: Infinity })
  }

  /**
   * Drains the server, then ends the process, when the process is told to end: with exit code 0 when all was done, and 1 when it was not.
   * At once, with 1, when it is told twice.
   *
   * @throws JuntoError `misuse` for a grace that is none.
   */
  closeOnSignals({ signals = ['SIGTERM', 'SIGINT'], ...options }: SignalOptions = {}): this {
    checkDrain(options)
    let told = false
    const onSignal = (signal: NodeJS.Signals) => {
      if (told) return process.exit(1)
      told = true
      this.#logger.info(`Draining, because of ${signal}. Another one ends the process at once.`)
      // A close() that the program has begun is waited for like a drain that begins here, and no longer: it may be saving.
      const { grace = defaultGrace } = options
      if (grace < Infinity) {
        this.services.resolve(Clock).after(grace + exitMargin, () => {
          this.#logger.error(`Closing took longer than ${grace} ms: ending the process.`)
          process.exit(1)
        })
      }
      this.drain(options).then(
        () => process.exit(0),
        (error: unknown) => {
          this.#logger.error('Draining failed', { error })
          process.exit(1)
        },
      )
    }
    for (const signal of signals) process.on(signal, onSignal)
    return this
  }

  async #drain(options: DrainOptions): Promise<void> {
    this.#state = 'closing'
    const { services } = this
    const metrics = this.#metrics
    const logger = this.#logger
    logger.info(`Draining ${this.connections} connections and ${this.#rooms.size} rooms`)
    try {
      await drain(
        {
          clock: services.resolve(Clock),
          limits: services.resolve(ServerLimits),
          logger,
          metrics,
          services,
          admission: this.#admission,
          rooms: this.#rooms,
          sessions: this.#sessions,
          transports: this.#transports,
        },
        options,
      )
    } finally {
      this.#state = 'closed'
      this.#loopDelay.stop()
      this.#report()
      this.#endReports()
    }
  }

  /** Tells what is cheaper to look up than to count. */
  #report(): void {
    for (const [room, { rooms, members }] of this.#rooms.census()) {
      this.#metrics.gauge('rooms', { room }).set(rooms)
      this.#metrics.gauge('members', { room }).set(members)
    }
    const delays = this.#loopDelay.read()
    if (delays === undefined) return
    for (const at of ['p50', 'p99', 'max'] as const) this.#metrics.gauge('loop_delay_seconds', { at }).set(delays[at])
  }
}

/** When a server ends with its process. */
export interface SignalOptions extends DrainOptions {
  /** Which signals. Default: `SIGTERM`, which service managers send, and `SIGINT`, which is Ctrl+C. */
  readonly signals?: readonly NodeJS.Signals[]
}

/** Milliseconds between the end of a drain that took all of its grace and that of the process. */
const exitMargin = 250

function transportsOf(
  options: JuntoServerOptions,
  limits: Limits,
  logger: Logger,
  endpoints: Endpoints,
): readonly Transport[] {
  const { port, host, tls, server, path, trustProxy, queryTokens, transports = [] } = options
  if (server !== undefined && (port !== undefined || host !== undefined || tls !== undefined)) {
    throw new JuntoError(
      'misuse',
      "A server has either a 'port' (with 'host' and 'tls') of its own, or the 'server' of somebody else: leave one of them out.",
    )
  }
  const onUntrustedProxy = (address: string) => {
    logger.warn(
      'A connection says that it comes through a proxy (X-Forwarded-For), which is not believed. All clients of a proxy share ' +
        'the limits of its address; where there is one before this server: new JuntoServer({ trustProxy: 1 })',
      { address },
    )
  }
  const common = { path, limits, trustProxy, queryTokens, onUntrustedProxy }
  if (server !== undefined) return [new WsTransport({ ...common, server }), ...transports]
  if (port === undefined && transports.length > 0) return transports
  const onRequest = (request: IncomingMessage, response: ServerResponse) => endpoints.handle(request, response)
  return [new WsTransport({ ...common, port: port ?? defaultPort, host, tls, onRequest }), ...transports]
}
