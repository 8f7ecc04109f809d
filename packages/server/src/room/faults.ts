import type { Clock } from '@junto/protocol'
import { isPromiseLike } from '@junto/protocol/internal'
import type { Logger } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { sessionTag } from '../observe/session-tag.ts'
import type { Watchdog, Watched } from '../observe/watchdog.ts'

/** Whose message brought a fault about. */
export interface Culprit {
  /** The member's id, for the log. */
  readonly id: string
  /** What counts: whoever joins again does not become another one. */
  readonly session: { readonly session?: string }
}

/** Parts of {@link Faults}. */
export interface FaultsOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  readonly watchdog: Watchdog
  /** The room, for log and watchdog. */
  readonly watched: Watched
  /** More faults than this within the window are too many. */
  readonly most: number
  /** Milliseconds. */
  readonly window: number
  /** The room's own `onError`. May throw. */
  readonly onError: (error: unknown, where: string) => unknown
  /** Called once, when there were too many faults. */
  readonly onTooMany: () => void
}

/**
 * Where a room's code runs: what it throws stays here. Each fault is logged and told to the room; too many of them in a
 * short time, and the room is given up.
 */
export class Faults {
  readonly #options: FaultsOptions
  // Of the options, what each tick needs.
  readonly #watchdog: Watchdog
  readonly #watched: Watched
  /** When the recent faults happened; oldest first. */
  #recent: { readonly at: number; readonly by: object | 'program' | undefined }[] = []
  #given = false

  constructor(options: FaultsOptions) {
    this.#options = options
    this.#watchdog = options.watchdog
    this.#watched = options.watched
  }

  /** Runs code of the room. Nothing it throws, now or by a promise, comes out. @param by See {@link report}. */
  run(where: string, code: () => unknown, by?: Culprit): void {
    this.measure(() => this.guard(where, code, by))
  }

  /** As {@link run}, where what it is a part of is measured. */
  guard(where: string, code: () => unknown, by?: Culprit): void {
    try {
      const result = code()
      if (isPromiseLike(result)) result.then(undefined, (error: unknown) => this.report(error, where, by))
    } catch (error) {
      this.report(error, where, by)
    }
  }

  /** Runs code of the room and waits for it. True when it did not fail; never rejects. */
  async settle(where: string, code: () => unknown): Promise<boolean> {
    try {
      await this.measure(code)
      return true
    } catch (error) {
      this.report(error, where)
      return false
    }
  }

  /** Runs code of the room whose outcome its caller deals with: only measures. */
  measure<T>(code: () => T): T {
    return this.#watchdog.measure(this.#watched, code)
  }

  /**
   * Records a fault.
   *
   * @param by Whose message brought it about. One session counts once in a window: nobody shall be able to have a room
   *   closed for all by repeating the one message that its code cannot bear. `program`: code of the program around the server, which counts
   *   once as well, since it is told what it threw.
   */
  report(error: unknown, where: string, by?: Culprit | 'program'): void {
    const { logger, metrics, watched } = this.#options
    metrics.count('room_faults', { room: watched.type })
    const culprit = by === 'program' ? undefined : by
    const session = culprit?.session.session === undefined ? undefined : sessionTag(culprit.session.session)
    const about = { room: watched.name, session, member: culprit?.id, where, error }
    logger.error(`${where} of the room ${watched.name} failed`, about)
    try {
      const result = this.#options.onError(error, where)
      if (isPromiseLike(result)) result.then(undefined, (second: unknown) => this.#failedAgain(second))
    } catch (second) {
      this.#failedAgain(second)
    }
    this.#count(by === 'program' ? by : by?.session)
  }

  #failedAgain(error: unknown): void {
    const { logger, watched } = this.#options
    logger.error(`onError of the room ${watched.name} failed itself`, { room: watched.name, error })
  }

  #count(by: object | 'program' | undefined): void {
    if (this.#given) return
    const { clock, window, most } = this.#options
    const at = clock.now()
    this.#recent = this.#recent.filter((fault) => at - fault.at < window)
    if (by !== undefined && this.#recent.some((fault) => fault.by === by)) return
    this.#recent.push({ at, by })
    if (this.#recent.length <= most) return
    this.#given = true
    this.#recent = []
    const { logger, watched } = this.#options
    const message = `The room ${watched.name} failed too often: more than ${most} times within ${window} ms. It is closed.`
    logger.error(message, { room: watched.name })
    this.#options.onTooMany()
  }
}
