import type { Services } from '../container.ts'
import { disposalWithin, within } from '../promises.ts'
import type { RoomEnvironment } from './environment.ts'
import type { Ending } from './room-life.ts'
import type { Works } from './room-works.ts'
import type { Seats } from './seats.ts'
import type { UnderWay } from './under-way.ts'

/** A room that is to be closed. */
export interface ClosingRoom {
  /** For the log. */
  readonly name: string
  readonly environment: RoomEnvironment
  readonly works: Works
  readonly seats: Seats
  readonly underWay: UnderWay
  /** Runs the hook; nothing comes out of it. */
  readonly onDispose: () => Promise<unknown>
}

/**
 * All leave, their last hooks run, the room is saved, `onDispose` runs, and what it has changed is saved, too. Where the server stops, members
 * of a room that is saved keep their seats in what is saved. Never rejects.
 */
export async function close(room: ClosingRoom, { reason, message, patience }: Ending): Promise<void> {
  const { name, environment, works, seats, underWay, onDispose } = room
  const { clock, limits, logger } = environment
  const { sync, presence, saver, router } = works
  const late = (what: string): void => {
    logger.warn(`The room ${name} is disposed while ${what} still runs`, { room: name })
  }
  presence?.close()
  if (patience !== undefined) await router.settled(clock, patience)
  sync.flushNow()
  if (reason === 'shutdown' && saver !== undefined) {
    seats.keepAll(clock.time() + limits.seatWindow, reason, message)
  } else {
    seats.endAll(reason, message)
  }
  for (const what of await underWay.settled(clock, limits.hookTimeout)) late(what)
  sync.flushNow()
  await saver?.finish()
  await within(clock, limits.hookTimeout, onDispose(), () => new Error('late')).catch(() => late('onDispose'))
  sync.flushNow()
  await saver?.finish()
  saver?.close()
  sync.close()
}

/** Disposes of what a room's own scope has made. Never rejects. */
export async function disposeServices(name: string, services: Services, environment: RoomEnvironment): Promise<void> {
  const { clock, limits, logger } = environment
  try {
    await services.dispose(disposalWithin(clock, limits.hookTimeout))
  } catch (error) {
    logger.error(`A service of the room ${name} could not be disposed of`, { room: name, error })
  }
}
