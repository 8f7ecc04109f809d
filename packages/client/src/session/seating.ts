import type { ClientLimits, Clock } from '@junto/protocol'
import { Exchange } from '@junto/protocol/internal'
import type { CompiledLayout } from '@junto/schema/internal'
import type { Room } from '../room/room.ts'
import type { RoomOutbox } from './room-outbox.ts'

/**
 * Seats a room at a server that speaks this layout: by it everything is encoded from now on.
 *
 * @returns how many reliable events waited that were encoded by another one, and are dropped.
 */
export function seat(
  room: Room,
  layout: CompiledLayout,
  outbox: RoomOutbox,
  { clock, limits }: { readonly clock: Clock; readonly limits: ClientLimits },
): number {
  const before = room.seat
  if (before?.layout.hash === layout.hash) return 0
  const dropped = outbox.clear()
  const exchange = new Exchange({
    ...limits,
    clock,
    send: (frame) => outbox.sendOrThrow(frame),
    retract: (frame) => outbox.retract(frame),
    answer: room.answers.answerer(layout),
  })
  room.seat = {
    layout,
    exchange,
    send: (codec, wire, payload) => outbox.sendEvent(codec, wire, payload),
    show: (frame) => outbox.show(frame),
    sendLoose: (frame) => outbox.sendLoose(frame),
    drained: () => outbox.drained(),
  }
  // What is still under way in it never left, for the rest ended with the session: it is called again, by the new layout.
  before?.exchange.close('disconnected')
  return dropped
}
