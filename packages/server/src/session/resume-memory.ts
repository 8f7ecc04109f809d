import type { Clock } from '@junto/protocol'
import type { Gauge } from '../observe/metrics.ts'

/** Changes of the total that the gauge need not hear of. */
const grain = 16 * 1024

/** Milliseconds between looks for something to free: each goes over all sessions. */
const lookInterval = 1000

/** Bytes kept for the clients of all sessions, until they have acknowledged them. */
export class ResumeMemory {
  readonly #clock: Clock
  readonly #most: number
  readonly #gauge: Gauge
  readonly #relieve: (bytes: number) => void
  #bytes = 0
  #shown = 0
  #relieving = false
  #lookedAt = -Infinity

  /**
   * @param most Bytes: the limit `maxResumeTotal`.
   * @param relieve Frees so many bytes if it can, at the end of a turn in which there were too many.
   */
  constructor(clock: Clock, most: number, gauge: Gauge, relieve: (bytes: number) => void) {
    this.#clock = clock
    this.#most = most
    this.#gauge = gauge
    this.#relieve = relieve
  }

  get bytes(): number {
    return this.#bytes
  }

  /** A session keeps so much more, or less. Cheap: called for every message. */
  changed(by: number): void {
    this.#bytes += by
    if (this.#bytes === 0 || Math.abs(this.#bytes - this.#shown) >= grain) {
      this.#shown = this.#bytes
      this.#gauge.set(this.#bytes)
    }
    if (this.#bytes <= this.#most || this.#relieving) return
    const now = this.#clock.now()
    if (now < this.#lookedAt + lookInterval) return
    this.#relieving = true
    // Not here: this may be amid what a room sends to all of its members.
    this.#clock.atEndOfTurn(() => {
      this.#relieving = false
      if (this.#bytes <= this.#most) return
      // A little more than needed, so that the next message does not have to look again.
      this.#relieve(this.#bytes - 0.9 * this.#most)
      if (this.#bytes > this.#most) this.#lookedAt = now
    })
  }
}
