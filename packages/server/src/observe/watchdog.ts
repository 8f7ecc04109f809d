import type { Clock } from '@junto/protocol'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'

/** What a watchdog watches: something with a name, such as `whiteboard/team-a`. */
export interface Watched {
  /** For the metric's label: the room type, not the single room. */
  readonly type: string
  /** For the log: the single room. */
  readonly name: string
}

/**
 * Notices a room whose code holds up the event loop, and names it. While one room computes, no other room, no
 * connection and no timer of the whole process gets its turn.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #metrics: Metrics
  readonly #limit: number
  #watched: Watched | undefined
  #since = 0

  /** @param limit Milliseconds of uninterrupted work above which a room is named. */
  constructor(clock: Clock, logger: Logger, metrics: Metrics, limit: number) {
    this.#clock = clock
    this.#logger = logger
    this.#metrics = metrics
    this.#limit = limit
  }

  /** Runs a room's code and says so when it took long. What it returns or throws passes through. */
  measure<T>(watched: Watched, run: () => T): T {
    const start = this.#clock.now()
    try {
      return run()
    } finally {
      const took = this.#clock.now() - start
      if (took > this.#limit) this.#report(watched, took)
    }
  }

  /**
   * A message of a peer reaches a room's code. For what runs very often: the clock is read once for a stretch of one room, not
   * for each of its messages. Whoever reads messages ends the stretch with {@link leave}.
   */
  enter(watched: Watched): void {
    if (this.#watched === watched) return
    this.leave()
    this.#watched = watched
    this.#since = this.#clock.now()
  }

  /** The stretch is over, if there is one: what comes next is not the room's doing. */
  leave(): void {
    const watched = this.#watched
    if (!watched) return
    this.#watched = undefined
    const took = this.#clock.now() - this.#since
    if (took > this.#limit) this.#report(watched, took)
  }

  #report(watched: Watched, took: number): void {
    this.#metrics.count('rooms_blocked', { room: watched.type })
    this.#logger.warn(
      `The room ${watched.name} held up the event loop for ${Math.round(took)} ms: every other room and connection ` +
        'waited. Move long work to a worker, or cut it into pieces.',
      { room: watched.name },
    )
  }
}
