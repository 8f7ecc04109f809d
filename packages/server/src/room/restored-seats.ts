import { AwaitedSeats } from './awaited-seats.ts'
import type { RoomDefinition } from './definition.ts'
import type { RoomEnvironment } from './environment.ts'
import type { SeatHost } from './seat-host.ts'
import { readSeats } from './saved-seat.ts'
import type { Seats } from './seats.ts'

/** A room that was saved with seats. */
export interface RestoredSeats {
  readonly definition: RoomDefinition
  readonly environment: RoomEnvironment
  readonly id: string
  /** For the log. */
  readonly name: string
  readonly seats: Seats
  readonly host: SeatHost
  /** As they were saved. */
  readonly saved: readonly unknown[]
}

/** Members of the process before this one have their seats again, and are waited for. Harmless where none were saved. */
export function restoreSeats({ definition, environment, id, name, seats, host, saved }: RestoredSeats): void {
  const { clock, limits, logger } = environment
  const unfit = (error: unknown): void => {
    const message = `A saved seat of the room ${name} cannot be read any more: its member has left, and onLeave does not run`
    logger.warn(message, { room: name, error })
  }
  const read = readSeats(definition, saved, unfit)
  if (read.length === 0) return
  const awaited = new AwaitedSeats({ clock, window: limits.seatWindow, expired: (seat) => seat.leave('disconnected') })
  seats.restore(host, read, { room: definition.name, id, layout: definition.compiled.hash }, awaited)
}
