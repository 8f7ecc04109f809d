import type { Part } from '../harness.ts'
import { packages } from '../packages.ts'
import type { Peer } from '../rounds.ts'

/** Each a module in peers/. */
export const peers: readonly Peer[] = [
  { name: 'junto', ours: true },
  { name: 'raw-ws' },
  { name: 'socket.io', packages: packages.socketIo },
  { name: 'uws', packages: packages.uws },
  { name: 'colyseus', packages: packages.colyseus },
  { name: 'colyseus-uws', packages: packages.colyseusUws },
]

/** A module in peers/. */
export interface PeerModule {
  /** The server, listening on 127.0.0.1 with `ready` as its port. It counts `joins` and `open` connections. */
  serve(settings: unknown): Promise<Part>
  join: Join
}

/** What a server is told at its start. */
export interface ServeSettings {
  /** Milliseconds between the pings that each client gets. */
  readonly heartbeat: number
}

/**
 * Connects the `n`-th client, from this address of the loopback where it can choose: it says who it is, joins its room, and has the room's
 * state when this resolves. A wrong state throws.
 */
export type Join = (port: number, n: number, from: string) => Promise<Client>

export interface Client {
  /** Ends the connection. */
  close(): void
}
