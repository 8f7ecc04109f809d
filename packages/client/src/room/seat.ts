import type { Exchange } from '@junto/protocol/internal'
import type { CompiledLayout } from '@junto/schema/internal'

/** A room's place on a connection, from one join to its end: what speaking with the server needs. */
export interface Seat {
  /** The server's layout: everything is encoded by it. */
  readonly layout: CompiledLayout
  readonly exchange: Exchange
  /** Whether so much waits already that what may be dropped should be. */
  readonly congested: boolean
  /** How many messages the connection sent so far. */
  readonly messages: number
  /** Queues a frame for the room. @throws JuntoError `disconnected` or `too_large`. */
  send(frame: Uint8Array): void
}
