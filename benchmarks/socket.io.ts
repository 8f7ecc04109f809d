import { once } from 'node:events'
import { createServer, type Server as HttpServer } from 'node:http'
import { WebSocket } from 'ws'
import { importPeer } from './peers.ts'

// What is used of Socket.IO, and a client of its protocol. Its packages are not installed with this repository: see peers.ts.

/** peers/socket.io/index.js */
interface SocketIoModule {
  readonly Server: new (http: HttpServer, options: SocketIoOptions) => SocketIoServer
}

interface SocketIoOptions {
  readonly transports: readonly 'websocket'[]
  readonly serveClient: boolean
  /** Milliseconds between the pings that each client gets; 25,000 by default. */
  readonly pingInterval?: number
}

export interface SocketIoServer {
  readonly engine: {
    readonly clientsCount: number
    on(event: 'connection', listener: (socket: { request: unknown }) => void): void
  }
  use(middleware: (socket: SocketIoSocket, next: (error?: Error) => void) => void): void
  on(event: 'connection', listener: (socket: SocketIoSocket) => void): void
  to(room: string): { emit(event: string, payload: unknown): void }
}

export interface SocketIoSocket {
  /** Whatever the server wants to keep about it. */
  data: { user?: unknown }
  readonly handshake: { readonly auth: unknown }
  join(room: string): void
  emit(event: string, payload: unknown): void
  on(event: 'disconnect', listener: () => void): void
  /** With what the client sent, and a function that acknowledges it. */
  on<T, U>(event: string, listener: (payload: T, acknowledge: (result: U) => void) => void): void
}

/**
 * Serves Socket.IO on a free port of 127.0.0.1 as its pages on performance and memory advise: bufferutil beside ws, WebSockets only, and
 * without the first request of each client. The parser is the one for JSON, which it has by default: those pages recommend the one for
 * msgpack for binary data, of which there is none here, and for these messages it takes 1.4 times as long.
 */
export async function listenSocketIo(
  pingInterval?: number,
): Promise<{ readonly io: SocketIoServer; readonly port: number | undefined; readonly close: () => void }> {
  const { Server } = await importPeer<SocketIoModule>('socket.io')
  const http = createServer()
  const io = new Server(http, {
    transports: ['websocket'],
    serveClient: false,
    ...(pingInterval === undefined ? {} : { pingInterval }),
  })
  io.engine.on('connection', (socket) => {
    socket.request = null
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const address = http.address()
  return {
    io,
    port: typeof address === 'object' ? address?.port : undefined,
    close() {
      http.close()
      http.closeAllConnections()
    },
  }
}

/** What a client got. */
export type SocketIoPacket =
  | { readonly kind: 'event'; readonly name: unknown; readonly payload: unknown }
  | { readonly kind: 'acknowledgement'; readonly no: number; readonly result: unknown }

/** A client that is none of Socket.IO's, but speaks its protocol as leanly as the clients of the hand-made peers do theirs. */
export class SocketIoClient {
  /**
   * Connects, and resolves when the server has let it in.
   *
   * @param take What to do about each event and acknowledgement.
   * @param options `received` is told the bytes of each message.
   */
  static async open(
    port: number,
    take: (packet: SocketIoPacket) => void,
    { auth = {}, from, received }: { auth?: object; from?: string; received?: (bytes: number) => void } = {},
  ): Promise<SocketIoClient> {
    const url = `ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`
    const socket = new WebSocket(url, {
      perMessageDeflate: false,
      ...(from === undefined ? {} : { localAddress: from }),
    })
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject)
      socket.on('close', (code) => reject(new Error(`the server closed the connection with ${code}`)))
      socket.on('message', (data: Buffer) => {
        received?.(data.length)
        const text = data.toString()
        if (text.startsWith('42') || text.startsWith('43')) take(parse(text))
        else if (text === '2') socket.send('3')
        else if (text.startsWith('0')) socket.send(`40${JSON.stringify(auth)}`)
        else if (text.startsWith('40')) resolve()
        else reject(new Error(`this came: ${text}`))
      })
    })
    return new SocketIoClient(socket)
  }

  private constructor(private readonly socket: WebSocket) {}

  /** Sends an event that the server is to acknowledge under this number. */
  emitWithAck(no: number, event: string, payload: unknown): void {
    this.socket.send(`42${no}${JSON.stringify([event, payload])}`)
  }

  emit(event: string, payload: unknown): void {
    this.socket.send(`42${JSON.stringify([event, payload])}`)
  }

  close(): void {
    this.socket.removeAllListeners('message')
    this.socket.close(1000)
  }
}

function parse(text: string): SocketIoPacket {
  const begin = text.indexOf('[')
  const [first, second]: unknown[] = JSON.parse(text.slice(begin))
  return text.startsWith('42')
    ? { kind: 'event', name: first, payload: second }
    : { kind: 'acknowledgement', no: Number(text.slice(2, begin)), result: first }
}
