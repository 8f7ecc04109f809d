import type { ClientLimits, Clock, RandomSource } from '@junto/protocol'
import type { MakeReaders } from '@junto/schema/internal'
import type { PageEvents } from './connection/page-events.ts'
import type { SessionStore } from './session/session-store.ts'
import type { OpenSocket } from './sockets/socket.ts'
import type { Warning } from './warnings.ts'

/** How to make a {@link JuntoClient}. Only `url` is required. */
export interface JuntoClientOptions {
  /** Where the server is: `ws://localhost:1727`, or `wss://…`. Never put credentials into it: URLs are logged. */
  readonly url: string
  /**
   * Yields the credentials, for the server's `authenticate` to judge: a string, which that gets as `token`, or any other JSON-like value, which it
   * gets as `auth`. Asked before every attempt to connect, so that a token that has expired meanwhile can be renewed. Default: none are sent.
   */
  readonly auth?: () => unknown
  /** Name and version of your program, for the server's log: `editor/2.1.0`. Default: none. */
  readonly program?: string
  /**
   * Whether a page that is loaded anew takes the seats of the one before it, in the same tab: with the same member ids, and without
   * leaving. `true` keeps what is needed for that in the tab's `sessionStorage` while no page has it; another place is a
   * {@link SessionStore}. Rooms have to be opened as before: `room.kept` tells that a seat was taken again. Default: false, a page that
   * goes away leaves its rooms.
   */
  readonly keepSession?: boolean | SessionStore
  /**
   * Milliseconds until a call fails with `timeout` that neither the contract nor the caller gave a deadline. `Infinity` waits for
   * ever. Default: 15,000.
   */
  readonly callTimeout?: number
  /** Other limits than the defaults: `clientLimits({ … })`. `clientLimitsTable` of `@junto/protocol` lists them with their reasons. */
  readonly limits?: ClientLimits
  /**
   * Told of what fails no call: messages nobody listens to, listeners that throw. Default: errors thrown by listeners go
   * to `reportError` where there is one, everything else to `console.warn`.
   */
  readonly onWarning?: (warning: Warning) => void
  /** Opens sockets. Default: the platform's `WebSocket`, and the package `ws` in Node. */
  readonly socket?: OpenSocket
  /** Time. Default: the platform's. */
  readonly clock?: Clock
  /** Randomness. Default: the platform's. */
  readonly random?: RandomSource
  /**
   * How the records of a state are read: `compiledReaders` of `@junto/client/compiled-readers` is faster where many change, and
   * needs `'unsafe-eval'` in the content security policy of a page that has one. Default: compiled in Node, and elsewhere readers
   * that no policy objects to.
   */
  readonly readers?: MakeReaders
  /** What the page knows about the network and about being looked at, put aside and ended. Default: a browser's events, elsewhere nothing. */
  readonly page?: PageEvents
}
