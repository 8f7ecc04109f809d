import { JuntoError } from '@junto/protocol'
import type { Clock, Limits } from '@junto/protocol'
import type { Services } from './container.ts'
import type { Logger } from './observe/log.ts'
import type { Metrics } from './observe/metrics.ts'
import { disposalWithin, within } from './promises.ts'
import type { GivenUpRooms, RoomRegistry } from './room/registry.ts'
import type { Sessions } from './session/sessions.ts'
import type { Admission } from './transport/admission.ts'
import type { Transport } from './transport/transport.ts'

/** Milliseconds: service managers wait at least so long before they kill. */
export const defaultGrace = 10_000

/** How a server is drained. */
export interface DrainOptions {
  /**
   * Milliseconds that it may take. What is not done by then is given up, and said to be. `Infinity`: as long as stores and hooks take by
   * their own limits. Default: 10,000.
   */
  readonly grace?: number
  /** What members are told, and `onLeave` of rooms that are not saved. Default: that the server is shutting down. */
  readonly message?: string
}

/**
 * Checks options, before anything is done by them: they may come out of the environment.
 *
 * @throws JuntoError `misuse` for a grace that is none.
 */
export function checkDrain({ grace = defaultGrace }: DrainOptions): void {
  if (typeof grace === 'number' && grace > 0) return
  throw new JuntoError('misuse', `the grace of a drain must be milliseconds above 0, not ${String(grace)}`)
}

/** What a server drains. */
export interface DrainedServer {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly limits: Pick<Limits, 'hookTimeout' | 'handlerPatience'>
  readonly admission: Admission
  readonly rooms: RoomRegistry
  readonly sessions: Sessions
  readonly transports: readonly Transport[]
  readonly services: Services
}

/**
 * Parts of the grace. Rooms come first: as long as they are not saved, clients who come back elsewhere would find what was saved before.
 * A store that fails until the end keeps nobody from being told.
 */
const shares = { handlers: 0.2, rooms: 0.7, clients: 0.15 }

/**
 * Ends a server in order: nobody comes in, and nothing new is taken from who is there; handlers finish, rooms are saved with their seats;
 * clients are told to come back, a batch at a time; then everything is closed.
 *
 * @returns at the latest after the grace.
 * @throws JuntoError `timeout` that names the rooms which were not done by then; otherwise what failed first. The rest was done all the
 *   same.
 */
export async function drain(server: DrainedServer, { grace = defaultGrace, message }: DrainOptions): Promise<void> {
  const { clock, logger, limits, admission, rooms, sessions, transports, services } = server
  const begin = clock.now()
  const left = (): number => Math.max(0, begin + grace - clock.now())
  const failures: unknown[] = []
  const attempt = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => failures.push(error))
  }
  admission.close()
  sessions.takeNoMore()
  const saved = attempt(rooms.close({ message, patience: Math.min(limits.handlerPatience, grace * shares.handlers) }))
  await atMost(clock, grace * shares.rooms, saved)
  await attempt(sessions.sendAway(left() * shares.clients))
  // Peers answer the close while the last rooms may still be tried to be saved.
  const closed = Promise.all(transports.map((transport) => attempt(transport.close())))
  await atMost(clock, left() / 2, Promise.all([saved, closed]))
  sessions.cutOff()
  await atMost(clock, left() / 2, Promise.all([saved, closed]))
  const givenUp = rooms.giveUp()
  const bound = Math.min(limits.hookTimeout, left())
  await atMost(clock, left(), attempt(services.dispose(disposalWithin(clock, bound))))
  if (givenUp.unsaved.length + givenUp.unfinished.length > 0) failures.unshift(late(server, givenUp, grace))
  if (failures.length > 0) throw failures[0]
  logger.debug(`Drained within ${Math.round(clock.now() - begin)} ms`)
}

function late({ logger, metrics }: DrainedServer, { unsaved, unfinished }: GivenUpRooms, grace: number): JuntoError {
  const what = [
    ...(unsaved.length > 0 ? [`what changed last in ${some(unsaved)} may not be saved`] : []),
    ...(unfinished.length > 0 ? [`hooks still run in ${some(unfinished)}`] : []),
  ]
  const message = `draining took longer than its grace of ${grace} ms: ${what.join('; ')}`
  const rooms = [...unsaved, ...unfinished]
  metrics.counter('rooms_given_up').add(rooms.length)
  logger.error(message, { rooms })
  return new JuntoError('timeout', message)
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 20).join(', ')}${names.length > 20 ? ` and ${names.length - 20} more` : ''}`
}

/** Waits for work that never rejects, but no longer than `ms`. */
async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  if (ms === Infinity) await work
  else await within(clock, ms, work, () => new Error('late')).catch(() => {})
}
