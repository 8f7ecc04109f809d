import type { Exchange } from '@junto/protocol/internal'
import type { CompiledLayout } from '@junto/schema/internal'
import type { Connection } from '../connection/connection.ts'

/** A room's place on a connection, from one join to its end: what speaking with the server needs. */
export interface Seat {
  /** The server's layout: everything is encoded by it. */
  readonly layout: CompiledLayout
  readonly exchange: Exchange
  readonly connection: Pick<Connection, 'congested' | 'messages'>
  /** Queues a frame for the room. @throws JuntoError `disconnected` or `too_large`. */
  send(frame: Uint8Array): void
}
