import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Server as SecureServer } from 'node:https'
import type { Duplex } from 'node:stream'
import { JuntoError } from '@junto/protocol'
import type { Limits } from '@junto/protocol'
import { describe } from '@junto/protocol/internal'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { ProxyTrust, type TrustProxy } from './proxy-trust.ts'
import { subprotocol } from './transport.ts'
import type { Acceptor, Connection, ConnectionEvents, ConnectionFault, Transport } from './transport.ts'
import { arrivalOf, checkUpgrade, forwardedFor, pathOf, refuseUpgrade } from './upgrade.ts'
import { readMessages } from './ws-reading.ts'

/** The limits that a WebSocket transport keeps itself. */
export type WsLimits = Pick<Limits, 'maxMessage' | 'maxFragments' | 'headerTimeout' | 'closeTimeout'>

/** Where WebSockets come from: a port of their own, or an HTTP server that exists already. */
export type WsTransportOptions = {
  /** Path of the WebSocket, without query. Default: `/`. */
  readonly path?: string | undefined
  readonly limits: WsLimits
  /** Whose `X-Forwarded-For` is believed. Default: nobody's. */
  readonly trustProxy?: TrustProxy | undefined
  /** Whether requests with credentials in the query of their URL are let pass. Default: `refuse`. */
  readonly queryTokens?: 'refuse' | 'ignore' | undefined
  /** Told once when a request claims to come through a proxy, and none is trusted. */
  readonly onUntrustedProxy?: ((address: string) => void) | undefined
} & (
  | {
      /** 0 takes any free port. */
      readonly port: number
      /** Default: all addresses of the machine. */
      readonly host?: string | undefined
      /** Default: no encryption. */
      readonly tls?: TlsOptions | undefined
      /** Answers plain requests, if it returns true. Others are told that this is a WebSocket server. */
      readonly onRequest?: ((...request: Parameters<RequestListener>) => boolean) | undefined
    }
  | {
      /** Requests and WebSockets of other paths are left to whoever else listens. Its user starts and stops it. */
      readonly server: Server | SecureServer
    }
)

/** What a port of its own needs for `wss://`. All in PEM. */
export interface TlsOptions {
  /** The certificate, with those that lead from it to a known authority behind it. */
  readonly cert: string | Buffer
  /** Its private key. */
  readonly key: string | Buffer
  /** What the key is encrypted with, if it is. */
  readonly passphrase?: string
}

/** WebSockets, by the `ws` package. */
export class WsTransport implements Transport {
  readonly #options: WsTransportOptions
  readonly #http: Server | SecureServer
  readonly #path: string
  readonly #webSockets: WebSocketServer
  /** Sockets on a port of its own, whatever they have come to. */
  readonly #sockets = new Set<Duplex>()
  readonly #connections = new Set<WsConnection>()
  readonly #onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => this.#upgrade(request, socket, head)
  readonly #proxies: ProxyTrust
  #acceptor: Acceptor | undefined
  #closing: Promise<void> | undefined
  #untrustedSeen = false

  /** @throws JuntoError `misuse` saying which option cannot be. */
  constructor(options: WsTransportOptions) {
    const { limits, path = '/', trustProxy = 0 } = options
    if (!path.startsWith('/') || path.includes('?')) {
      throw new JuntoError(
        'misuse',
        `The path of a WebSocket begins with '/' and has no query: '${path}' does not fit.`,
      )
    }
    this.#options = options
    this.#path = path
    this.#proxies = new ProxyTrust(trustProxy)
    this.#http = 'server' in options ? options.server : createHttpServer(limits, options.tls)
    const settings = {
      noServer: true,
      clientTracking: false,
      // Compression costs 64 KiB and more per connection, and lets a small message become a large one.
      perMessageDeflate: false,
      maxPayload: limits.maxMessage,
      maxFragments: limits.maxFragments,
      closeTimeout: limits.closeTimeout,
      handleProtocols: () => subprotocol,
    }
    this.#webSockets = new WebSocketServer(settings)
  }

  get url(): string | undefined {
    const address = this.#http.address()
    if (address === null || this.#acceptor === undefined || this.#closing) return undefined
    if (typeof address === 'string') return `ws+unix://${address}`
    const anywhere = address.address === '::' || address.address === '0.0.0.0'
    const host = anywhere ? 'localhost' : address.family === 'IPv6' ? `[${address.address}]` : address.address
    const scheme = 'setSecureContext' in this.#http ? 'wss' : 'ws'
    return `${scheme}://${host}:${address.port}${this.#path === '/' ? '' : this.#path}`
  }

  async listen(acceptor: Acceptor): Promise<void> {
    this.#acceptor = acceptor
    this.#http.on('upgrade', this.#onUpgrade)
    if ('server' in this.#options) return
    const { onRequest } = this.#options
    this.#http.on('request', (request, response) => {
      if (onRequest?.(request, response) !== true) this.#explain(response)
    })
    this.#http.on('clientError', (error: NodeJS.ErrnoException, socket) => this.#refuseRequest(error, socket))
    // Node's closeAllConnections knows those only that have sent a request: not one that began a handshake and is silent.
    this.#http.on('connection', (socket: Duplex) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    const { port, host } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', (error) => reject(explainListenError(error, port, host)))
      this.#http.listen(port, host, () => {
        // Errors of single connections do not come here; of an accept that failed for want of handles, there is
        // nothing to do but to go on.
        this.#http.removeAllListeners('error').on('error', () => this.#acceptor?.turnedAway('accept_failed'))
        resolve()
      })
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#http.removeListener('upgrade', this.#onUpgrade)
    const owned = !('server' in this.#options) && this.#http.listening
    const stopped = owned ? new Promise<void>((resolve) => this.#http.close(() => resolve())) : undefined
    await Promise.all([...this.#connections].map((connection) => connection.end()))
    if (!owned) return
    for (const socket of this.#sockets) socket.destroy()
    await stopped
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const acceptor = this.#acceptor
    // Before anything else: a reset now must not become an uncaught error.
    socket.on('error', () => socket.destroy())
    if (!acceptor) return void socket.destroy()
    if (pathOf(request) !== this.#path) {
      if ('server' in this.#options && this.#http.listenerCount('upgrade') > 1) return
      acceptor.turnedAway('path')
      return refuseUpgrade(socket, {
        status: 404,
        reason: 'path',
        message: `There is no WebSocket at this path; it is at ${this.#path}.`,
      })
    }
    const fault = checkUpgrade(request, this.#options.queryTokens ?? 'refuse')
    if (fault) acceptor.turnedAway(fault.reason)
    const arrival = arrivalOf(request, this.#proxies)
    this.#noticeProxy(request, arrival.remoteAddress)
    const refusal = fault ?? acceptor.admit(arrival)
    if (refusal) return refuseUpgrade(socket, refusal)
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { remoteAddress, origin } = arrival
      const connection = new WsConnection(webSocket, socket, remoteAddress, origin)
      this.#connections.add(connection)
      webSocket.on('close', () => this.#connections.delete(connection))
      connection.listen(acceptor.accept(connection), this.#options.limits.maxMessage)
    })
  }

  /** Behind a proxy that nobody has named all clients seem to come from one address, and share what one may have. */
  #noticeProxy(request: IncomingMessage, address: string): void {
    if (this.#untrustedSeen || this.#proxies.any || forwardedFor(request) === undefined) return
    this.#untrustedSeen = true
    this.#options.onUntrustedProxy?.(address)
  }

  /** A browser or a probe that asks by plain HTTP is told what this is. */
  #explain(response: ServerResponse): void {
    const headers = { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close', Upgrade: 'websocket' }
    response.writeHead(426, headers)
    response.end(
      `This is a Junto server. It speaks WebSocket (subprotocol ${subprotocol}): connect a JuntoClient to ${this.url}\n`,
    )
  }

  #refuseRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (/^(?:ERR_TLS_|ERR_SSL_|EPROTO$)/.test(error.code ?? '')) {
      // No handshake, so nothing can be said.
      this.#acceptor?.turnedAway('tls')
      return void socket.destroy()
    }
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
    const refusal = requestFaults[error.code ?? ''] ?? otherFault
    this.#acceptor?.turnedAway(refusal.reason)
    refuseUpgrade(socket, refusal)
  }
}

const requestFaults: Readonly<Record<string, { status: number; reason: string; message: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, reason: 'header_timeout', message: 'The request took too long to arrive.' },
  HPE_HEADER_OVERFLOW: { status: 431, reason: 'header_too_large', message: 'The headers are larger than 16 KiB.' },
}
const otherFault = { status: 400, reason: 'bad_request', message: 'This is no HTTP request.' }

function createHttpServer({ headerTimeout }: WsLimits, tls: TlsOptions | undefined): Server | SecureServer {
  // Node looks only now and then for requests that are late: the two together must not exceed the deadline.
  const interval = Math.ceil(headerTimeout / 10)
  const timeout = headerTimeout - interval
  const settings = {
    headersTimeout: timeout,
    requestTimeout: timeout,
    connectionsCheckingInterval: interval,
    keepAliveTimeout: 5000,
    maxHeaderSize: 16_384,
  }
  if (tls === undefined) return createServer(settings)
  try {
    return createSecureServer({ ...settings, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: headerTimeout })
  } catch (error) {
    throw new JuntoError('misuse', `The server's tls cannot be used: ${describe(error)}`, { cause: error })
  }
}

function explainListenError(error: NodeJS.ErrnoException, port: number, host = 'this machine'): JuntoError {
  const says: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${port} is in use by another program. Stop that one, or choose another port: new JuntoServer({ port: ${port + 1} })`,
    EACCES: `This user may not listen on port ${port}. Choose a port above 1023, and let a proxy listen below.`,
    EADDRNOTAVAIL: `${host} is not an address of this machine. Leave 'host' out to listen on all of them.`,
    ENOTFOUND: `There is no host '${host}'. Leave 'host' out to listen on all addresses of this machine.`,
  }
  const sentence = says[error.code ?? ''] ?? `Listening on port ${port} of ${host} failed: ${error.message}`
  return new JuntoError('misuse', sentence, { cause: error })
}

/** One WebSocket. */
class WsConnection implements Connection {
  readonly remoteAddress: string
  readonly origin: string | undefined
  readonly #webSocket: WebSocket
  readonly #socket: Duplex
  readonly #written = () => this.#afterWrite()
  /** Nothing but `closed` is told any more. */
  #over = false
  /** Some of what was sent had to wait. */
  #waiting = false
  /** Whether what is written is watched until the operating system has taken it. */
  #watched = false
  #events: ConnectionEvents | undefined

  constructor(webSocket: WebSocket, socket: Duplex, remoteAddress: string, origin: string | undefined) {
    this.remoteAddress = remoteAddress
    this.origin = origin
    this.#webSocket = webSocket
    this.#socket = socket
    // Without a listener an error would end the process.
    webSocket.on('error', (error) => this.#fail(error))
  }

  /** Tells what happens from now on. To be called in the turn of the connection's making: nothing has happened yet. */
  listen(events: ConnectionEvents, longest: number): void {
    this.#events = events
    this.#webSocket.on('message', (data: Buffer, isBinary) => this.message(isBinary ? data : data.toString()))
    readMessages(this.#socket, longest, this)
    this.#webSocket.on('pong', () => this.pong())
    this.#webSocket.on('ping', () => {
      if (!this.#over) events.pinged()
    })
    this.#webSocket.on('close', (code, reason) => {
      this.#over = true
      events.closed({ code, reason: reason.toString() })
    })
  }

  message(message: Buffer | string): void {
    if (!this.#over) this.#events?.message(message)
  }

  pong(): void {
    if (!this.#over) this.#events?.pong()
  }

  get bufferedAmount(): number {
    // The WebSocket itself holds nothing back: nothing is compressed.
    return this.#socket.writableLength
  }

  /**
   * As `webSocket.send`, which hands the socket header and message one by one: to gather these costs more than to copy a message, and
   * what goes to many is copied once.
   */
  send(message: Uint8Array): void {
    if (message.length > longestCopied) this.#sendLong(message)
    else this.#write(message, framed)
  }

  ping(message?: Uint8Array): void {
    if (this.#over) return
    if (message !== undefined && message.length <= longestCopied) return this.#write(message, behindPing)
    this.#webSocket.ping()
    if (message !== undefined) this.#sendLong(message)
  }

  close(code: number, reason: string): void {
    if (this.#over) return
    this.#over = true
    // The peer's answer to the close frame has to be read.
    if (this.#webSocket.isPaused) this.#webSocket.resume()
    this.#webSocket.close(code, reason)
  }

  terminate(): void {
    this.#over = true
    this.#webSocket.terminate()
  }

  pause(): void {
    if (!this.#over) this.#webSocket.pause()
  }

  resume(): void {
    if (!this.#over) this.#webSocket.resume()
  }

  /** Ends it for the transport, in order where it is not over yet; resolves when it is gone. */
  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#webSocket.once('close', () => resolve())
      this.close(1001, '')
    })
  }

  #sendLong(message: Uint8Array): void {
    if (this.#over) return
    this.#webSocket.send(message, this.#written)
    if (this.bufferedAmount > 0) this.#waiting = true
  }

  /**
   * The operating system takes nearly everything at once: a callback for each write, for which Node comes back to each socket once more,
   * would be for nothing. So it is asked for behind what had to wait, and with what is written from then on until something does not.
   */
  #write(message: Uint8Array, frame: (message: Uint8Array) => Buffer): void {
    if (this.#over || this.#webSocket.readyState !== open) return
    const watched = this.#watched
    if (watched) this.#socket.write(frame(message), this.#written)
    else this.#socket.write(frame(message))
    if (this.#socket.writableLength === 0) {
      this.#watched = false
    } else {
      this.#waiting = this.#watched = true
      if (!watched) this.#socket.write(nothing, this.#written)
    }
  }

  #afterWrite(): void {
    if (!this.#waiting || this.#over || this.bufferedAmount > 0) return
    this.#waiting = false
    this.#events?.drain()
  }

  #fail(error: Error & { readonly code?: string }): void {
    if (this.#over) return
    this.#over = true
    const fault = frameFaults[error.code ?? '']
    // What remains are errors of the socket: it is gone, and `close` says so.
    if (fault) this.#events?.failed({ ...fault, message: error.message })
    else if (error.code?.startsWith('WS_ERR_')) {
      this.#events?.failed({ reason: 'invalid_frame', code: 1002, message: error.message })
    }
  }
}

/** Messages up to so many bytes are written together with their header; also the most whose length takes two bytes. */
const longestCopied = 16 * 1024

/** The `readyState` in which messages may be sent. */
const open = 1

/** Written behind what waits, to be told when that has left. */
const nothing = new Uint8Array(0)

/** The last message that was written, with its header. */
let last: { readonly message: Uint8Array; readonly frame: Buffer } = {
  message: new Uint8Array(0),
  frame: Buffer.alloc(0),
}

/** The last message that was written behind a ping, with both frames. */
let lastPinged = last

/** A ping without content, and a message behind it, to be written at once: ten thousand get the same ones. */
function behindPing(message: Uint8Array): Buffer {
  if (lastPinged.message !== message) lastPinged = { message, frame: Buffer.concat([emptyPing, framed(message)]) }
  return lastPinged.frame
}

const emptyPing = Uint8Array.of(0x89, 0)

/** A message as the one binary frame of RFC 6455 that it travels in, unmasked as servers send. */
function framed(message: Uint8Array): Buffer {
  if (last.message === message) return last.frame
  const { length } = message
  const head = length < 126 ? 2 : 4
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = 0x82
  if (length < 126) {
    frame[1] = length
  } else {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  }
  frame.set(message, head)
  last = { message, frame }
  return frame
}

const frameFaults: Readonly<Record<string, Omit<ConnectionFault, 'message'>>> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: { reason: 'too_large', code: 1009 },
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: { reason: 'too_large', code: 1009 },
  WS_ERR_TOO_MANY_BUFFERED_PARTS: { reason: 'too_many_fragments', code: 1008 },
  WS_ERR_INVALID_UTF8: { reason: 'invalid_utf8', code: 1007 },
}
