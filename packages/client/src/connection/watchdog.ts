import type { Clock } from '@junto/protocol'

/** A timer that fires so much too late slept with the machine or the page: what came meanwhile is not yet delivered. */
const overslept = 2_000

/** How long it then waits for what may be waiting. */
const grace = 5_000

/** Barks when nothing was heard for too long. A touch costs one reading of the clock, and no timer. */
export class Watchdog {
  readonly #clock: Clock
  readonly #silence: number
  readonly #bark: () => void
  #heard: number
  #stopTimer: () => void

  /**
   * @param silence Milliseconds without a touch that are too long.
   */
  constructor(clock: Clock, silence: number, bark: () => void) {
    this.#clock = clock
    this.#silence = silence
    this.#bark = bark
    this.#heard = clock.now()
    this.#stopTimer = this.#check(silence)
  }

  /** Something was heard. */
  touch(): void {
    this.#heard = this.#clock.now()
  }

  stop(): void {
    this.#stopTimer()
  }

  #check(ms: number): () => void {
    const due = this.#clock.now() + ms
    return this.#clock.after(ms, () => {
      const now = this.#clock.now()
      const left = this.#heard + this.#silence - now
      if (left > 0) this.#stopTimer = this.#check(left)
      else if (now - due > overslept) this.#stopTimer = this.#check(grace)
      else this.#bark()
    })
  }
}
