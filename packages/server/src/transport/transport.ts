/** The WebSocket subprotocol that both sides speak. Other transports carry the same messages without naming it. */
export const subprotocol = 'junto.v1'

/**
 * Carries messages between the server and its peers: WebSockets on a port, or something else with these properties.
 * Messages are bytes with boundaries, arrive whole, in order and at most once, and the end of a connection is told to
 * both sides. Nothing else is expected: not that a message arrives, nor that a dead peer is noticed.
 *
 * `transportSuite` of `@junto/testing` is this contract as a test; every implementation must pass it.
 */
export interface Transport {
  /**
   * Begins to take connections. Called once.
   *
   * @throws Error saying what stands in the way and how to clear it, such as a port that is in use.
   */
  listen(acceptor: Acceptor): Promise<void>
  /**
   * Takes no more connections, ends those that are open, and resolves when all of them are gone. A peer that does not
   * answer must not hold it up for longer than a stated time. Harmless when called again, or before `listen`.
   */
  close(): Promise<void>
  /** Where clients find it while it listens, for messages and logs: `ws://localhost:1727`. */
  readonly url: string | undefined
}

/** What a transport is told to do with whoever arrives. The server's side of {@link Transport}. */
export interface Acceptor {
  /**
   * Judges an arrival before anything is built for it. When it may come in, {@link accept} must follow in the same
   * turn, or not at all.
   *
   * @returns why it may not come in, to be answered in the transport's own way.
   */
  admit(arrival: Arrival): Refusal | undefined
  /** Takes a connection over. What happens on it from now on goes to what is returned. */
  accept(connection: Connection): ConnectionEvents
  /** Counts somebody whom the transport itself turned away, by a short name for the reason. */
  turnedAway(reason: string): void
}

/** Somebody who wants to connect, as far as the transport knows. */
export interface Arrival {
  /** The peer's address as the transport sees it, or as a proxy says that is trusted: never taken from what the peer says. */
  readonly remoteAddress: string
  /** The page that connects, as browsers tell it; other programs send none, or any. */
  readonly origin: string | undefined
  /** The host that the peer believes to connect to, with the port unless it is the usual one. */
  readonly host: string | undefined
}

/** Why somebody may not come in. */
export interface Refusal {
  /** HTTP status. */
  readonly status: number
  /** Short name for metrics. */
  readonly reason: string
  /** A sentence for the developer on the other side. */
  readonly message: string
  /** Seconds after which another try makes sense. */
  readonly retryAfter?: number
}

/**
 * One connection. Its methods never throw and never wait; after its end they do nothing.
 */
export interface Connection {
  readonly remoteAddress: string
  readonly origin: string | undefined
  /** Bytes given to `send` that still wait in this process. */
  readonly bufferedAmount: number
  /**
   * Sends a message. It arrives whole, or the connection ends. The bytes must not be changed afterwards: they may be
   * read until the connection ends, and other connections may share them.
   */
  send(message: Uint8Array): void
  /**
   * Asks for a sign of life, which the peer's transport gives without its program: `pong` follows.
   *
   * @param message Sent behind it, in the same write where the transport can.
   */
  ping(message?: Uint8Array): void
  /**
   * Ends the connection in order: what was sent before still arrives if the peer takes it in time, then it is told code
   * and reason.
   *
   * @param reason At most 123 bytes.
   */
  close(code: number, reason: string): void
  /** Ends the connection at once and frees what it holds. The peer may find out late, and not why. */
  terminate(): void
  /** Stops reading: what the peer sends waits on its side. What has been read already is still told. */
  pause(): void
  /** Reads on. */
  resume(): void
}

/**
 * Who listens to a connection. Nothing comes after `failed`, or after the listener itself called `close` or
 * `terminate`, except `closed`, which always comes, exactly once.
 */
export interface ConnectionEvents {
  /** A message. A string is a text message, which this protocol has none of. The bytes belong to the listener. */
  message(message: Uint8Array | string): void
  /** The peer's transport answered a ping, or pretends to. */
  pong(): void
  /** The peer asked for a sign of life, which the transport has given. */
  pinged(): void
  /**
   * Everything that was sent has left this process, after some of it had to wait: `bufferedAmount` was above zero when
   * `send` returned, and is zero now. So the peer has taken bytes: a sign of life.
   */
  drain(): void
  /** The peer broke the transport's rules. It is being told so. */
  failed(fault: ConnectionFault): void
  /** The connection is gone, and nothing of it is held any more. */
  closed(ending: ConnectionEnding): void
}

/** How a peer broke the transport's rules. */
export interface ConnectionFault {
  /** Short name for metrics. */
  readonly reason: 'too_large' | 'too_many_fragments' | 'invalid_utf8' | 'invalid_frame'
  /** The close code that the peer is told. */
  readonly code: number
  readonly message: string
}

/** How a connection ended. */
export interface ConnectionEnding {
  /** The close code that the peer sent, or 1006 when it sent none: lost, reset or terminated. */
  readonly code: number
  /** The reason that the peer gave: untrusted text. */
  readonly reason: string
}
