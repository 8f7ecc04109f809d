import type { Exchange } from '@junto/protocol/internal'
import type { CompiledLayout, MessageCodec } from '@junto/schema/internal'
import type { SendOutcome } from './joined-room.ts'

/** A room's place at the server, from the first join to the end: what speaking with it needs. */
export interface Seat {
  /** The server's layout: everything is encoded by it. */
  readonly layout: CompiledLayout
  readonly exchange: Exchange
  /**
   * Sends an event as its class wants it.
   *
   * @param wire The encoded payload.
   * @param payload The payload as the program gave it.
   * @throws JuntoError `too_large`.
   */
  send(codec: MessageCodec, wire: unknown, payload: unknown): SendOutcome
  /** Sends a presence frame when it may leave; until then a newer one takes its place. @throws JuntoError `too_large`. */
  show(frame: Uint8Array): void
  /** Sends a frame that nobody waits for, now. False: it cannot leave now, and is dropped. */
  sendLoose(frame: Uint8Array): boolean
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>
}
