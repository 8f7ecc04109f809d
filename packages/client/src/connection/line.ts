import { JuntoError, type ClientLimits, type CloseCode } from '@junto/protocol'
import { broken, causedBy, MessageReader, MessageWriter, parseServerFrame, type Frame } from '@junto/protocol/internal'
import type { OpenSocket, Socket } from '../sockets/socket.ts'

const subprotocol = 'junto.v1'

/** What a line tells its connection, from the moment when the socket is there. */
export interface LineEvents {
  /** It can be written to. */
  open(): void
  /** A message has begun to come. */
  arrived(): void
  /** A frame, with the room it concerns (0: the session). What it throws breaks the line. */
  frame(room: number, frame: Frame): void
  /** All frames of a message of so many bytes were told. What it throws breaks the line. */
  read(bytes: number): void
  /** What came is no message, or its frames were refused. */
  broken(error: JuntoError): void
  /** The socket is closed, by the server or by an accident. */
  closed(code: number, reason: string): void
}

/** One socket, in terms of frames. It tells nothing more once it was closed here. */
export class Line {
  /** Takes what is to be sent, which leaves with {@link flush}. */
  readonly writer = new MessageWriter()
  readonly #socket: Socket
  readonly #reader: MessageReader
  #received = 0
  #sent = 0
  #events: LineEvents | undefined

  /** @throws whatever opening a socket throws, such as for a URL that is none. */
  constructor(url: string, openSocket: OpenSocket, limits: ClientLimits, events: LineEvents) {
    this.#reader = new MessageReader(limits, parseServerFrame)
    this.#socket = openSocket(url, subprotocol, {
      open: () => this.#events?.open(),
      message: (data) => this.#read(data),
      close: (code, reason) => this.#events?.closed(code, reason),
    })
    this.#events = events
  }

  /** Bytes that wait here and in the socket. */
  get waiting(): number {
    return this.#socket.bufferedAmount + this.writer.size
  }

  /** Bytes that the network has taken. */
  get taken(): number {
    return this.#sent - this.#socket.bufferedAmount
  }

  /** Bytes that have come. */
  get received(): number {
    return this.#received
  }

  /** Bytes that have come of a large frame that is still under way. */
  get pending(): number {
    return this.#reader.pending
  }

  /** Sends what was queued. */
  flush(): void {
    for (let message = this.writer.take(); message !== undefined; message = this.writer.take()) {
      this.#sent += message.length
      this.#socket.send(message)
    }
  }

  close({ code, name }: Pick<CloseCode, 'code' | 'name'>): void {
    this.#events = undefined
    this.#socket.close(code, name)
  }

  #read(data: Uint8Array | string): void {
    this.#received += data.length
    this.#events?.arrived()
    try {
      if (typeof data === 'string') throw broken('F1')
      // Something in this very message may end the connection: the rest of it is not told.
      this.#reader.read(data, (room, frame) => this.#events?.frame(room, frame))
      this.#events?.read(data.length)
    } catch (error) {
      const isBad = error instanceof JuntoError && error.code === 'bad_message'
      this.#events?.broken(isBad ? error : causedBy(error, 'bad_message', 'a message of the server could not be read'))
    }
  }
}
