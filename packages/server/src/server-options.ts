import type { Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { Clock, Limits, RandomSource } from '@junto/protocol'
import type { DependencyContainer, Provided } from './container.ts'
import type { HttpPaths } from './http/http-paths.ts'
import type { Logger, LogLevel } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import type { Store } from './store/store.ts'
import type { TrustProxy } from './transport/proxy-trust.ts'
import type { Transport } from './transport/transport.ts'
import type { TlsOptions } from './transport/ws-transport.ts'

/** What a server is made from. Everything may be left out. */
export interface JuntoServerOptions {
  /** Port for WebSockets. 0 takes any free one, which `server.url` then tells. Default: 1727. */
  readonly port?: number
  /** Address to listen on. Default: all addresses of the machine. */
  readonly host?: string
  /**
   * An HTTP server that exists already, such as that of Express, instead of a port: Junto takes the WebSockets at `path`
   * and leaves everything else alone. You start and stop it yourself.
   */
  readonly server?: Server | SecureServer
  /**
   * Certificate and key (PEM) for `wss://` on that port: `{ cert: readFileSync('cert.pem'), key: readFileSync('key.pem') }`.
   * Not needed behind a proxy that speaks TLS itself, nor with a `server` that does. Default: `ws://`.
   */
  readonly tls?: TlsOptions
  /**
   * Whose word about where a connection comes from is taken (`X-Forwarded-For`): the number of proxies before this server, or their
   * addresses: `1`, `['10.0.0.0/8']`. Whoever is not named here cannot claim another address. Default: nobody's; all
   * clients behind a proxy then share what one address may have.
   */
  readonly trustProxy?: TrustProxy
  /**
   * What becomes of an upgrade whose URL carries credentials (`?token=…`): `refuse`, since URLs end up in logs and histories, or
   * `ignore`, where something before this server needs them. Junto never reads them. Default: `refuse`.
   */
  readonly queryTokens?: 'refuse' | 'ignore'
  /**
   * Where plain HTTP is answered: health and readiness for load balancers and containers, and metrics. On a port of Junto's own; with a
   * `server` of yours, where you call `server.handleHttp`. `false`: nowhere. Default: `/health` and `/ready`.
   */
  readonly http?: HttpPaths | false
  /** Path of the WebSocket, to be named in the client's `url`. Default: `/`. */
  readonly path?: string
  /**
   * Other ways for messages to arrive, such as the memory network of `@junto/testing`. Given alone, there are no
   * WebSockets; together with `port` or `server`, both.
   */
  readonly transports?: readonly Transport[]
  /**
   * Pages that may connect, beside those served by the host that they connect to: `https://game.example`,
   * `https://*.game.example`, or `*` for all. A refusal is logged with the line that would allow it. Programs that are no
   * browsers name no page: they may connect, and must have credentials for rooms that ask for some. Default: none.
   */
  readonly origins?: readonly string[]
  /**
   * Whether pages of this machine (`http://localhost:5173`) may connect, too. Default: yes, unless the environment
   * variable `NODE_ENV` is `production`.
   */
  readonly localOrigins?: boolean
  /** Limits that shall differ from the defaults, by name: `{ maxConnections: 50_000 }`. Default: see the limits table. */
  readonly limits?: Partial<Limits>
  /** Where rooms with `persist` are saved. Default: files in the folder `.junto` of the working directory. */
  readonly store?: Store
  /** Where the server writes what happens. Default: readable lines on the standard error stream. */
  readonly logger?: Logger
  /** From which level on the default logger writes. Default: `info`. */
  readonly logLevel?: LogLevel
  /** Where the server counts. Default: numbers in memory, `server.metrics`. */
  readonly metrics?: Metrics
  /** Default: the system's. */
  readonly clock?: Clock
  /** Default: the system's. */
  readonly random?: RandomSource
  /**
   * Services for rooms, which ask for them by `this.inject(Token)`: `[provide(Database, new Postgres())]`. Also replaces
   * the server's own (`Clock`, `RandomSource`, `Logger`, `Metrics`, `Store`).
   */
  readonly services?: readonly Provided[]
  /** A tsyringe container in which services are looked for that are not given here. Default: tsyringe's global one. */
  readonly container?: DependencyContainer
}

/** All of them. */
export const optionNames: Record<keyof JuntoServerOptions, true> = {
  port: true,
  host: true,
  server: true,
  tls: true,
  trustProxy: true,
  queryTokens: true,
  http: true,
  path: true,
  transports: true,
  origins: true,
  localOrigins: true,
  limits: true,
  store: true,
  logger: true,
  logLevel: true,
  metrics: true,
  clock: true,
  random: true,
  services: true,
  container: true,
}
