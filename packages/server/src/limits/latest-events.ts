import type { Frame } from '@junto/protocol/internal'
import { heldSize } from './held-size.ts'
import type { Waiting } from './waiting-frames.ts'

/** How much may wait. */
export interface LatestEventsLimits {
  readonly maxLatest: number
  readonly softOutbox: number
}

/**
 * Events of class `latest` that came sooner than the limit of their message allows: of each place the newest, where the first one stood, so
 * that what changes all the time does not keep the others from their turn.
 */
export class LatestEvents {
  readonly #limits: LatestEventsLimits
  readonly #waiting = new Map<string, Waiting>()
  #bytes = 0

  constructor(limits: LatestEventsLimits) {
    this.#limits = limits
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size
  }

  /** Puts an event in the place of what waits there. */
  set(ref: number, place: string, frame: Frame): void {
    const key = `${ref}/${place}`
    const bytes = heldSize(frame)
    this.#bytes += bytes - (this.#waiting.get(key)?.bytes ?? 0)
    this.#waiting.set(key, { ref, frame, bytes })
  }

  /** Those that wait, each with what {@link delete} knows it by, the one that has waited longest first. */
  [Symbol.iterator](): Iterator<[key: string, waiting: Waiting]> {
    return this.#waiting[Symbol.iterator]()
  }

  /** One waits no longer. Harmless while all are looked at. */
  delete(key: string): void {
    const waiting = this.#waiting.get(key)
    if (waiting === undefined) return
    this.#waiting.delete(key)
    this.#bytes -= waiting.bytes
  }

  /** Where there are more than may wait, or larger ones, takes out the one that has waited longest. */
  overflow(): Waiting | undefined {
    const { maxLatest, softOutbox } = this.#limits
    if (this.#waiting.size <= maxLatest && this.#bytes <= softOutbox) return undefined
    for (const [key, waiting] of this) {
      this.delete(key)
      return waiting
    }
    return undefined
  }

  /** Those of one room wait no longer. */
  drop(ref: number): void {
    for (const [key, waiting] of this) if (waiting.ref === ref) this.delete(key)
  }

  clear(): void {
    this.#waiting.clear()
    this.#bytes = 0
  }
}
