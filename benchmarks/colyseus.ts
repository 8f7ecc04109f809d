import { createServer, type Server as HttpServer } from 'node:http'
import { importPeer } from './peers.ts'
import { idleTimeoutOf } from './uws.ts'

// What is used of Colyseus. Its packages are not installed with this repository: see peers.ts.

/** peers/colyseus/server.js, without what concerns states. */
export interface ColyseusServer {
  readonly Room: new () => ColyseusRoom
  readonly defineRoom: (room: new () => ColyseusRoom) => RoomDefinition
  readonly defineServer: (options: {
    readonly rooms: Readonly<Record<string, object>>
    readonly transport: Transport
    readonly greet: boolean
    readonly gracefullyShutdown: boolean
  }) => { listen(port: number, host: string): Promise<void> }
  readonly WebSocketTransport: new (options: {
    readonly server: HttpServer
    /** Milliseconds between the pings that each client gets; 3,000 by default. */
    readonly pingInterval?: number
  }) => Transport & { readonly wss: { readonly clients: ReadonlySet<object> } }
}

/** peers/colyseus/uws.js */
interface ColyseusUws {
  readonly uWebSocketsTransport: new (options: {
    /** Seconds of silence until a connection is closed: see {@link UwsBehavior.idleTimeout}. */
    readonly idleTimeout?: number
  }) => Transport & { readonly clients: readonly object[] }
  readonly portOf: (transport: Transport) => number
}

export interface ColyseusRoom {
  maxClients: number
  state: object
  readonly clients: { readonly length: number }
  broadcast(type: string, payload: unknown): void
}

export interface RoomDefinition {
  /** Clients that say the same under this name come to the same room. */
  filterBy(options: readonly string[]): RoomDefinition
}

interface Transport {
  shutdown(): void
}

/** `ws` is the one by default; its documentation recommends `uws` for production. Neither compresses. */
export type TransportName = 'ws' | 'uws'

export const loadColyseusServer = <T = ColyseusServer>(): Promise<T> => importPeer<T>('colyseus', 'server.js')

interface Listening {
  readonly port: number
  /** How many connections are open. */
  readonly open: () => number
  readonly close: () => void
}

/**
 * Serves Colyseus on a free port.
 *
 * @param pingInterval Milliseconds between the pings that each client gets; as it comes when absent.
 */
export async function listenColyseus(
  library: Pick<ColyseusServer, 'defineServer' | 'WebSocketTransport'>,
  on: TransportName,
  rooms: Readonly<Record<string, object>>,
  pingInterval?: number,
): Promise<Listening> {
  const serve = (transport: Transport): Promise<void> =>
    library.defineServer({ rooms, transport, greet: false, gracefullyShutdown: false }).listen(0, '127.0.0.1')
  if (on === 'uws') {
    const { uWebSocketsTransport, portOf } = await importPeer<ColyseusUws>('colyseus', 'uws.js')
    const idleTimeout = pingInterval === undefined ? {} : { idleTimeout: idleTimeoutOf(pingInterval) }
    const transport = new uWebSocketsTransport(idleTimeout)
    await serve(transport)
    return { port: portOf(transport), open: () => transport.clients.length, close: () => transport.shutdown() }
  }
  const server = createServer()
  const transport = new library.WebSocketTransport({ server, ...(pingInterval === undefined ? {} : { pingInterval }) })
  await serve(transport)
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? NaN) : NaN,
    open: () => transport.wss.clients.size,
    close() {
      transport.shutdown()
      server.closeAllConnections()
    },
  }
}
