import { JuntoError, type Clock } from '@junto/protocol'

/** Parts of {@link Restarts}. */
export interface RestartsOptions {
  readonly clock: Clock
  /** How often a room that failed may be made again within the window. */
  readonly most: number
  /** Milliseconds. */
  readonly window: number
}

/**
 * How often rooms that failed are made again, by key: whatever broke one may be in what was saved of it, or in what its clients do first,
 * and would break it again and again.
 */
export class Restarts {
  readonly #options: RestartsOptions
  /** When the rooms of a key failed, oldest first. Keys whose room failed last stand last. */
  readonly #failures = new Map<string, readonly number[]>()

  constructor(options: RestartsOptions) {
    this.#options = options
  }

  /** Keys of which something is remembered. */
  get size(): number {
    return this.#failures.size
  }

  /** The room of a key was closed because it failed. */
  failed(key: string): void {
    const { clock } = this.#options
    const recent = this.#recent(key)
    this.#failures.delete(key)
    this.#failures.set(key, [...recent, clock.now()])
    this.#forgetOld()
  }

  /**
   * The room of a key is about to be made.
   *
   * @param name The room, for the message.
   * @throws JuntoError `room_failed`, with `retryAfter`, when it failed too often.
   */
  check(key: string, name: string): void {
    const { clock, most, window } = this.#options
    if (!this.#failures.has(key)) return
    const recent = this.#recent(key)
    // It may be made again when no more than `most` failures are left within the window.
    const leaves = recent[recent.length - most - 1]
    if (leaves === undefined) return
    const retryAfter = Math.ceil(leaves + window - clock.now())
    throw new JuntoError(
      'room_failed',
      `the room ${name} failed too often: it is made again in ${retryAfter} ms (limits roomRestarts and roomRestartWindow)`,
      { retryAfter },
    )
  }

  #recent(key: string): readonly number[] {
    const { clock, window } = this.#options
    const since = clock.now() - window
    return (this.#failures.get(key) ?? []).filter((at) => at > since)
  }

  #forgetOld(): void {
    for (const key of this.#failures.keys()) {
      if (this.#recent(key).length > 0) return
      this.#failures.delete(key)
    }
  }
}
