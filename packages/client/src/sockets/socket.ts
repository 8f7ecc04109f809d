/** What a client needs of a socket. */
export interface Socket {
  /** Bytes that were sent and did not leave this machine yet. */
  readonly bufferedAmount: number
  /** Sends one binary message. Never throws: what cannot be sent is followed by `close`. The bytes are not written again. */
  send(message: Uint8Array): void
  /** Begins to close. Nothing waits for the other side; `close` may be reported or not. Closing twice is allowed. */
  close(code?: number, reason?: string): void
}

/** What a socket tells its client. None of it before {@link OpenSocket} has returned. */
export interface SocketEvents {
  /** It is open, and the server has agreed on the subprotocol. */
  open(): void
  /** One whole message. Text is passed on too, so that it can be refused. The bytes belong to the client. */
  message(data: Uint8Array | string): void
  /** The end, also of an attempt that never opened. Once, and nothing after it. */
  close(code: number, reason: string): void
}

/**
 * Opens a WebSocket. Give your own as the option `socket` where neither the browser's nor Node's fits, or in tests.
 *
 * @throws whatever makes opening impossible, such as a URL that is none.
 */
export type OpenSocket = (url: string, subprotocol: string, events: SocketEvents) => Socket
