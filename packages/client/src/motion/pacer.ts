/** More steps than these are never made up for at once: a page that was hidden for a minute goes on from now. */
export const maxCatchUp = 5

/** How much faster than the server's ticks steps may come, and how much slower: nobody sees that of a movement. */
const most = 1.05
const least = 0.95
/** What each input too many in the server's buffer takes from the pace. */
const gain = 0.02
/** Inputs that are to be left in the server's buffer when it has the fewest: what comes a little late still is in time. */
const reserve = 1
/** Milliseconds over which the fewest is taken, twice: of jitter, whoever waits least is the one that counts. */
const window = 500

/**
 * Counts the steps that are due of a game whose ticks are counted by the server: of one length, as many as there are ticks there, whatever frames
 * and clocks do. Times are milliseconds of the server's clock, as far as it is known.
 */
export class Pacer {
  readonly #step: number
  /** Steps since the beginning, with what has passed of the next one. */
  #position = 1
  #time: number | undefined
  #pace = 1
  /** The fewest inputs that waited, in the present window and in the one before. */
  #fewest = Infinity
  #fewestBefore = Infinity
  #windowEnd: number | undefined

  /** @param step Milliseconds of a step. */
  constructor(step: number) {
    this.#step = step
  }

  /** How much of the next step has passed: 0 up to 1, exclusive. */
  get alpha(): number {
    return this.#position
  }

  /** Steps of its own for each tick of the server, now: 1, or a little less or more. */
  get pace(): number {
    return this.#pace
  }

  /**
   * It is that time.
   *
   * @param allowed How many steps may be taken, because too much is on its way already. Those that may not are left out.
   * @returns how many are due: one at the first call, and never more than {@link maxCatchUp}.
   */
  advance(time: number, allowed = Infinity): number {
    // A clock that was set back has said nothing of how much time has passed.
    const passed = Math.max(0, time - (this.#time ?? time))
    this.#time = time
    this.#position += (passed / this.#step) * this.#pace
    const due = Math.floor(this.#position)
    this.#position -= due
    return Math.min(due, maxCatchUp, Math.max(0, allowed))
  }

  /** The server told how many inputs waited in its buffer behind a tick at this time. */
  waiting(time: number, inputs: number): void {
    this.#windowEnd ??= time + window
    this.#fewest = Math.min(this.#fewest, inputs)
    // Also when another server tells, with another clock.
    if (Math.abs(time - this.#windowEnd + window) < window) return
    const fewest = Math.min(this.#fewest, this.#fewestBefore)
    // One too few is a tick without an input, which others see: that ends soon. One too many is a little latency.
    this.#pace = fewest < reserve ? most : Math.max(least, 1 - (fewest - reserve) * gain)
    this.#fewestBefore = this.#fewest
    this.#fewest = Infinity
    this.#windowEnd = time + window
  }
}
