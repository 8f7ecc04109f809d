import { createServer, type Server as HttpServer } from 'node:http'
import { importPeer } from './peers.ts'

// What is used of Colyseus. Its packages are not installed with this repository: see peers.ts.

/** peers/colyseus/server.js, without what concerns states. */
export interface ColyseusServer {
  readonly Room: new () => ColyseusRoom
  readonly defineRoom: (room: new () => ColyseusRoom) => RoomDefinition
  readonly defineServer: (options: {
    readonly rooms: Readonly<Record<string, RoomDefinition>>
    readonly transport: Transport
    readonly greet: boolean
    readonly gracefullyShutdown: boolean
  }) => { listen(port: number, host: string): Promise<void> }
  readonly WebSocketTransport: new (options: {
    readonly server: HttpServer
    /** Milliseconds between the pings that each client gets; 3,000 by default. */
    readonly pingInterval?: number
  }) => Transport
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
  readonly wss: { readonly clients: ReadonlySet<object> }
  shutdown(): void
}

export const loadColyseusServer = <T = ColyseusServer>(): Promise<T> => importPeer<T>('colyseus', 'server.js')

/** Serves Colyseus on a free port of 127.0.0.1, over its transport by default, which does not compress. */
export async function listenColyseus(
  { defineServer, WebSocketTransport }: ColyseusServer,
  rooms: Readonly<Record<string, RoomDefinition>>,
  pingInterval?: number,
): Promise<{ readonly port: number | undefined; readonly clients: ReadonlySet<object>; readonly close: () => void }> {
  const http = createServer()
  const transport = new WebSocketTransport({
    server: http,
    ...(pingInterval === undefined ? {} : { pingInterval }),
  })
  await defineServer({ rooms, transport, greet: false, gracefullyShutdown: false }).listen(0, '127.0.0.1')
  const address = http.address()
  return {
    port: typeof address === 'object' ? address?.port : undefined,
    clients: transport.wss.clients,
    close() {
      transport.shutdown()
      http.closeAllConnections()
    },
  }
}
