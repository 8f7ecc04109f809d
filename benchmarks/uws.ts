import { importPeer } from './peers.ts'

// What is used of uWebSockets.js. Its packages are not installed with this repository: see peers.ts.

/** peers/uws/index.js */
interface UwsModule {
  readonly default: Uws
}

interface Uws {
  App(): UwsApp
  us_socket_local_port(socket: ListenSocket): number
  us_listen_socket_close(socket: ListenSocket): void
}

type ListenSocket = object

export interface UwsApp {
  ws(pattern: string, behavior: UwsBehavior): UwsApp
  listen(host: string, port: number, listening: (socket: ListenSocket | false) => void): UwsApp
  /** Sends to all that have subscribed. */
  publish(topic: string, message: Uint8Array, isBinary: boolean): boolean
  numSubscribers(topic: string): number
}

export interface UwsBehavior {
  /** Seconds of silence until a connection is closed; 120 by default. It is pinged eight seconds before. Rounded to four. */
  readonly idleTimeout?: number
  readonly open?: (socket: UwsSocket) => void
  /** The message is there until this returns. */
  readonly message?: (socket: UwsSocket, message: ArrayBuffer) => void
  readonly close?: (socket: UwsSocket) => void
}

export interface UwsSocket {
  /** What is sent while a handler runs leaves in one write, by itself: `cork` is for what is sent later. */
  send(message: Uint8Array, isBinary: boolean): number
  cork(send: () => void): void
  subscribe(topic: string): boolean
}

/** The `idleTimeout` with which it pings each client so often, in ms: it does so eight seconds before, in steps of four. */
export const idleTimeoutOf = (pingInterval: number): number => Math.ceil((pingInterval / 1000 + 8) / 4) * 4

/** Serves WebSockets on a free port of 127.0.0.1, without compression, which is the default. */
export async function listenUws(
  behavior: UwsBehavior,
): Promise<{ readonly app: UwsApp; readonly port: number; readonly close: () => void }> {
  const { default: uws } = await importPeer<UwsModule>('uws')
  const app = uws.App().ws('/*', behavior)
  const socket = await new Promise<ListenSocket>((resolve, reject) => {
    app.listen('127.0.0.1', 0, (socket) => {
      if (socket === false) reject(new Error('uWebSockets.js cannot listen'))
      else resolve(socket)
    })
  })
  return { app, port: uws.us_socket_local_port(socket), close: () => uws.us_listen_socket_close(socket) }
}
