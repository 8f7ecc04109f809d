import { clientLimits } from '@junto/protocol'
import {
  encodeFrame,
  MessageReader,
  MessageWriter,
  type Frame,
  type SentFrame,
  parseFrame,
} from '@junto/protocol/internal'
import type { OpenSocket, Socket, SocketEvents } from './socket.ts'

/** A frame with the room it concerns. */
export type RoomedFrame = readonly [room: number, frame: Frame]

/** One socket whose server is the test. */
export class ScriptedSocket implements Socket {
  bufferedAmount = 0
  /** What the client sent, message by message. */
  readonly messages: RoomedFrame[][] = []
  /** The code with which the client closed it. */
  closed: number | undefined
  readonly #events: SocketEvents
  readonly #reader = new MessageReader(clientLimits(), parseFrame)

  constructor(events: SocketEvents) {
    this.#events = events
  }

  /** All frames the client sent so far. */
  get frames(): RoomedFrame[] {
    return this.messages.flat()
  }

  send(message: Uint8Array): void {
    const frames: RoomedFrame[] = []
    this.#reader.read(message, (room, frame) => frames.push([room, frame]))
    this.messages.push(frames)
  }

  close(code?: number): void {
    this.closed ??= code ?? 1005
  }

  /** The connection is made. */
  accept(): void {
    this.#events.open()
  }

  /** The server says this, as one message. */
  say(...frames: (readonly [room: number, frame: SentFrame])[]): void {
    const writer = new MessageWriter({ maxMessage: 1 << 24, maxFrame: 1 << 24 })
    for (const [room, frame] of frames) writer.add(room, encodeFrame(frame))
    for (let message = writer.take(); message !== undefined; message = writer.take()) this.#events.message(message)
  }

  /** The server sends these very bytes, or text. */
  sayRaw(data: Uint8Array | string): void {
    this.#events.message(data)
  }

  /** The connection ends. */
  end(code = 1006, reason = ''): void {
    this.#events.close(code, reason)
  }
}

/** Sockets to a server that the test plays. */
export class ScriptedSockets {
  readonly all: ScriptedSocket[] = []
  /** What the next attempt throws. */
  failure: Error | undefined

  readonly open: OpenSocket = (_url, _subprotocol, events) => {
    if (this.failure !== undefined) throw this.failure
    const socket = new ScriptedSocket(events)
    this.all.push(socket)
    return socket
  }

  /** The newest. */
  get last(): ScriptedSocket {
    const socket = this.all.at(-1)
    if (socket === undefined) throw new Error('no socket was opened yet')
    return socket
  }
}
